#include "sonde/suppress/pattern.hpp"

#include <cstring>
#include <optional>

namespace sonde::suppress {

namespace {

// memmem(3) takes linear time, which std::string_view::find does not.
std::size_t find(std::string_view text, std::string_view part) {
  if (part.empty()) return 0;
  const void* found = ::memmem(text.data(), text.size(), part.data(), part.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::vector<std::string_view> split(std::string_view pattern, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!pattern.empty()) {
    const std::size_t end = pattern.find_first_of(separators);
    if (end != 0) parts.push_back(pattern.substr(0, end));
    if (end == std::string_view::npos) break;
    pattern.remove_prefix(end + 1);
  }
  return parts;
}

}  // namespace

bool lsan_matches(std::string_view pattern, std::string_view text) {
  if (text.empty()) return false;
  bool at_begin = pattern.starts_with('^');
  if (at_begin) pattern.remove_prefix(1);
  bool after_star = false;
  while (!pattern.empty()) {
    if (pattern.front() == '*') {
      pattern.remove_prefix(1);
      at_begin = false;
      after_star = true;
      continue;
    }
    if (pattern.front() == '$') return text.empty() || after_star;
    if (text.empty()) return false;
    const std::string_view part = pattern.substr(0, pattern.find_first_of("*$"));
    const std::size_t found = find(text, part);
    if (found == std::string_view::npos || (at_begin && found != 0)) return false;
    text.remove_prefix(found + part.size());
    pattern.remove_prefix(part.size());
    at_begin = false;
    after_star = false;
  }
  return true;
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  // Behind the last star, and where the text behind what it stands for begins. What was matched before it
  // need never be looked at again: another star can stand for whatever is too much.
  std::optional<std::size_t> star;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star) {
      p = *star;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::vector<std::string_view> lsan_parts(std::string_view pattern) {
  if (pattern.starts_with('^')) pattern.remove_prefix(1);
  return split(pattern.substr(0, pattern.find('$')), "*");
}

std::vector<std::string_view> glob_parts(std::string_view pattern) { return split(pattern, "*?"); }

}  // namespace sonde::suppress
