#include "sonde/names/perf_map.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "sonde/base/limits.hpp"

namespace sonde::names {

namespace {

// Takes a hexadecimal number and what separates it off the front.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const std::size_t blanks = std::min(text.find_first_not_of(" \t"), text.size());
  if (blanks == 0) return std::nullopt;
  text.remove_prefix(blanks);
  return value;
}

}  // namespace

std::optional<PerfMap::Line> PerfMap::parse_line(std::string_view text, std::size_t begin, std::size_t end) {
  std::string_view rest = text.substr(begin, end - begin);
  const auto start = take_number(rest);
  const auto size = start ? take_number(rest) : std::nullopt;
  if (!size || *size == 0 || rest.empty() || *start + *size < *start) return std::nullopt;
  return Line{*start, *size, end - rest.size(), std::min(rest.size(), limits::symbol_name_bytes)};
}

// Puts a function over whatever is there; what it covers in part keeps the rest. Each line adds at most two
// ranges.
void PerfMap::insert(const Line& line) {
  const std::uint64_t end = line.begin + line.size;
  auto at = ranges_.lower_bound(line.begin);
  if (at != ranges_.begin()) {
    const auto before = std::prev(at);
    if (before->second.end > end) ranges_.emplace(end, before->second);
    before->second.end = std::min(before->second.end, line.begin);
  }
  while (at != ranges_.end() && at->first < end) {
    if (at->second.end > end) ranges_.emplace(end, at->second);
    at = ranges_.erase(at);
  }
  ranges_.insert_or_assign(line.begin, Range{end, line});
}

PerfMap PerfMap::parse(std::string text) {
  PerfMap map;
  map.text_ = std::move(text);
  std::size_t lines = 0;
  for (std::size_t begin = 0; begin < map.text_.size() && lines < limits::perf_map_entries;) {
    const std::size_t end = map.text_.find('\n', begin);
    if (end == std::string::npos) break;  // Not all of it is written yet.
    if (const auto line = parse_line(map.text_, begin, end)) {
      map.insert(*line);
      ++lines;
    }
    begin = end + 1;
  }
  return map;
}

std::optional<PerfMap::Function> PerfMap::find(Address address) const {
  const auto after = ranges_.upper_bound(address.value);
  if (after == ranges_.begin()) return std::nullopt;
  const auto& [begin, range] = *std::prev(after);
  if (address.value >= range.end) return std::nullopt;
  const Line& line = range.line;
  return Function{std::string_view(text_).substr(line.name, line.name_size), {line.begin}, line.size};
}

}  // namespace sonde::names
