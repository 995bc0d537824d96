// Suppression files: any bytes give entries within the limits, and mistakes that say where; what is matched
// fast is what is matched one by one; what is written for a leak matches it. The text is followed by a NUL
// and the names of frames.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/base/limits.hpp"
#include "sonde/suppress/check.hpp"
#include "sonde/suppress/match.hpp"
#include "sonde/suppress/matcher.hpp"
#include "sonde/suppress/parser.hpp"
#include "sonde/suppress/writer.hpp"

namespace {

using namespace sonde::suppress;

// A line a frame; its name is in the places that the line's number has bits for.
std::vector<Frame> frames_of(std::string_view text) {
  std::vector<Frame> frames;
  while (!text.empty() && frames.size() < sonde::limits::stack_frames) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view name = text.substr(0, end);
    const std::size_t n = frames.size();
    Frame frame;
    frame.linkage_name = name;
    if (n % 2 == 1) frame.function = name;
    if (n % 3 == 1) frame.module = name;
    if (n % 3 == 2) frame.file = name;
    frame.line = static_cast<std::uint32_t>(n);
    frame.inlined = n % 4 == 3;
    frames.push_back(frame);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return frames;
}

void check(const Suppressions& read) {
  namespace limits = sonde::limits;
  if (read.all().size() > limits::suppression_entries) std::abort();
  if (read.problems().size() > limits::suppression_problems) std::abort();
  for (const Problem& problem : read.problems()) {
    if (problem.line == 0 || problem.column == 0 || problem.block.size() > 2000) std::abort();
    if (problem.block.find('\x1b') != std::string::npos) std::abort();
  }
  for (const Suppression& entry : read.all()) {
    if (!entry.record || entry.line == 0 || entry.name.size() > limits::suppression_line_bytes) std::abort();
    if (entry.places.size() > limits::suppression_places) std::abort();
  }
  const ProgramCode code{{"/usr/bin/app"}, {{"_ZN1a1bEv", "a::b()"}, {"foo", "foo"}}};
  for (const Finding& finding :
       sonde::suppress::check(read, {.today = {}, .undated = true, .program = &code}))
    if (finding.line == 0 || finding.message.find('\x1b') != std::string::npos) std::abort();
}

void check_written(const std::string& text, const Leak& leak) {
  if (text.empty()) return;
  Suppressions read;
  read.add("written", text);
  if (!read.problems().empty() || read.all().size() != 1 || !matches(read.all().front(), leak)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\0'), input.size());

  Suppressions read;
  read.add("fuzz.supp", input.substr(0, end));
  check(read);

  const auto frames = frames_of(input.substr(std::min(end + 1, input.size())));
  Matcher matcher(read.all());
  for (const auto kind : {LeakKind::definite, LeakKind::reachable}) {
    const Leak leak{kind, frames};
    std::size_t first = 0;
    while (first < read.all().size() && !matches(read.all()[first], leak)) ++first;
    if (matcher.first_match(leak).value_or(read.all().size()) != first) std::abort();
    check_written(valgrind_block(leak), leak);
  }
  if (!frames.empty()) check_written(lsan_line(frames.back()), {LeakKind::definite, frames});
  return 0;
}
