#include "cli/verification.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"
#include "sonde/cli/message.hpp"
#include "sonde/process/confined.hpp"
#include "sonde/verify/second_reader.hpp"

namespace sonde::cli {

namespace {

constexpr int all_the_same = 0;
constexpr int different = 1;
constexpr int not_compared = 2;

// The lines that the second reader's process writes begin with one of these. The last line is `counts`, or
// `refusal`: without one it has not come to its end.
constexpr char difference_line = 'D';
constexpr char refusal_line = 'R';
constexpr char counts_line = 'C';

template <typename Frames>
std::string text_of(const Frames& frames) {
  std::string text;
  for (const auto& frame : frames) {
    if (!text.empty()) text += frame.inlined ? ", inlined with " : ", in ";
    text += fmt::format("{} {}:{}:{}", frame.function.empty() ? "??" : frame.function,
                        frame.file.empty() ? "??" : frame.file, frame.line, frame.column);
  }
  return text.empty() ? "nothing" : text;
}

void append_line(std::string& out, char kind, std::string text) {
  std::ranges::replace(text, '\n', ' ');
  out += kind;
  out += text;
  out += '\n';
}

void write_all(int output, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(output, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

// What the second reader's process does.
std::string compare(names::Module& module, const std::vector<std::uint64_t>& addresses) {
  std::string out;
  const auto reading = verify::read_again(*module.debug_sections(), addresses);
  if (!reading) {
    append_line(out, refusal_line, reading.error().message());
    return out;
  }
  std::size_t compared = 0;
  std::size_t differing = 0;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const verify::Answer& theirs = reading->answers[i];
    if (theirs.unread) continue;
    ++compared;
    const dwarf::Frames ours = module.debug_frames(addresses[i]);
    const std::string_view what = verify::difference(ours, theirs.frames);
    if (what.empty()) continue;
    ++differing;
    append_line(out, difference_line,
                fmt::format("{:#x}: another {}: {}; libdwarf++: {}", addresses[i], what, text_of(ours),
                            text_of(theirs.frames)));
  }
  append_line(out, counts_line, fmt::format("{} {} {}", compared, differing, reading->problem));
  return out;
}

struct Counts {
  std::size_t compared = 0;
  std::size_t differing = 0;
  std::string_view problem;
};

std::optional<Counts> counts_in(std::string_view line) {
  Counts counts;
  for (std::size_t* const count : {&counts.compared, &counts.differing}) {
    const std::size_t blank = line.find(' ');
    if (blank == 0 || blank == std::string_view::npos || blank > 18) return std::nullopt;
    for (const char digit : line.substr(0, blank)) {
      if (digit < '0' || digit > '9') return std::nullopt;
      *count = *count * 10 + static_cast<std::size_t>(digit - '0');
    }
    line.remove_prefix(blank + 1);
  }
  counts.problem = line;
  return counts;
}

int tell(const Counts& counts, std::size_t asked, const std::string& file) {
  std::string text =
      fmt::format("{} of {} addresses of {} compared with libdwarf++: ", counts.compared, asked, file);
  text += counts.differing == 0 ? "no differences" : fmt::format("{} differ", counts.differing);
  if (counts.compared < asked) text += fmt::format("; it gave up on the others ({})", counts.problem);
  complain(text);
  if (counts.differing > 0) return different;
  return counts.compared < asked ? not_compared : all_the_same;
}

int nothing_compared(const std::string& file, std::string_view why) {
  complain(fmt::format("{} was not verified: {}", file, why));
  return not_compared;
}

}  // namespace

int Verification::finish(names::Module& module, const std::string& file) {
  std::ranges::sort(addresses_);
  addresses_.erase(std::unique(addresses_.begin(), addresses_.end()), addresses_.end());
  if (addresses_.empty()) return nothing_compared(file, "no address was asked for");
  if (addresses_.size() > limits::verify_addresses)
    return nothing_compared(file, fmt::format("there are more than {} addresses", limits::verify_addresses));
  if (module.debug_sections() == nullptr) return nothing_compared(file, "it has no debug information");

  const auto answer =
      process::run_confined([&](int output) { write_all(output, compare(module, addresses_)); },
                            {limits::verify_bytes, limits::verify_seconds, limits::verify_answer_bytes});
  if (!answer) return nothing_compared(file, fmt::format("libdwarf++ {}", answer.error().message()));
  std::string_view rest = *answer;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::string_view text = line.substr(std::min<std::size_t>(line.size(), 1));
    if (line.starts_with(difference_line)) complain(text);
    if (line.starts_with(refusal_line)) return nothing_compared(file, text);
    if (!line.starts_with(counts_line)) continue;
    if (const auto counts = counts_in(text)) return tell(*counts, addresses_.size(), file);
  }
  return nothing_compared(file, "libdwarf++ broke off");
}

}  // namespace sonde::cli
