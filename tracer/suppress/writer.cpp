#include "sonde/suppress/writer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"
#include "sonde/suppress/frame_names.hpp"
#include "sonde/suppress/match.hpp"

namespace sonde::suppress {

namespace {

constexpr std::size_t most_lines = 24;  // valgrind's manual, 2.5.
// Less what stands before a pattern, so that the line can be read again.
constexpr std::size_t pattern_bytes = limits::suppression_line_bytes - 64;

bool plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte != 0x7f;
}

// Spaces at the ends are cut off when the line is read.
std::string written(std::string_view text, char instead) {
  std::string safe(text);
  std::replace_if(
      safe.begin(), safe.end(), [](char c) { return !plain(c); }, instead);
  for (const auto end : {std::size_t{0}, safe.size() - 1})
    if (!safe.empty() && safe[end] == ' ') safe[end] = instead;
  return safe;
}

std::string glob_for(std::string_view text) {
  if (text.size() <= pattern_bytes) return written(text, '?');
  return written(text.substr(0, pattern_bytes - 1), '?') + '*';
}

}  // namespace

std::string valgrind_block(const Leak& leak, std::string_view name) {
  if (leak.frames.empty()) return {};
  std::string block =
      fmt::format("{{\n   {}\n   Memcheck:Leak\n   match-leak-kinds: {}\n", name, name_of(leak.kind));
  std::size_t lines = 0;
  for (const Frame& whole : leak.frames) {
    if (lines == most_lines) break;
    const Frame frame = bounded(whole);
    const std::string_view function = valgrind_function(frame);
    if (function == "(below main)" && lines > 0) break;
    ++lines;
    if (function != "???") {
      block += fmt::format("   fun:{}\n", glob_for(function));
    } else {
      block += fmt::format("   obj:{}\n", frame.module.empty() ? "*" : glob_for(frame.module));
    }
  }
  return block + "}\n";
}

std::string lsan_line(const Frame& whole) {
  const Frame frame = bounded(whole);
  std::string_view name = lsan_function(frame);
  if (name.empty()) name = frame.module;
  if (name.empty()) name = frame.file;
  if (name.empty()) return {};
  const bool cut = name.size() > pattern_bytes;
  std::string pattern = written(name.substr(0, pattern_bytes), '*');
  // A "$" would be the end of the name.
  std::replace(pattern.begin(), pattern.end(), '$', '*');
  if (pattern.find_first_not_of('*') == std::string::npos) return {};  // It would match everything.
  return fmt::format("leak:^{}{}\n", pattern, cut ? "" : "$");
}

}  // namespace sonde::suppress
