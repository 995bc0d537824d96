#include "segments.hpp"

#include <algorithm>
#include <limits>

namespace sonde::dwarf {

Segments::Segments(std::vector<Range> ranges) {
  const auto by_low = [](const Range& a, const Range& b) { return a.low < b.low; };
  // Compilers and linkers write most ranges in order.
  if (!std::is_sorted(ranges.begin(), ranges.end(), by_low)) std::sort(ranges.begin(), ranges.end(), by_low);
  const auto overlap = [](const Range& a, const Range& b) { return b.low < a.high; };
  const bool apart = std::adjacent_find(ranges.begin(), ranges.end(), overlap) == ranges.end();
  starts_.reserve(ranges.size() + ranges.size() / 4 + 1);
  values_.reserve(ranges.size() + ranges.size() / 4 + 1);
  apart ? append_apart(ranges) : append_overlapping(ranges);
}

void Segments::append(std::uint64_t start, std::uint32_t value) {
  if (!starts_.empty() && starts_.back() == start) {
    values_.back() = value;
  } else if (values_.empty() || values_.back() != value) {
    starts_.push_back(start);
    values_.push_back(value);
  }
}

void Segments::append_apart(const std::vector<Range>& ranges) {
  for (const Range& range : ranges) {
    append(range.low, range.value);
    append(range.high, none);
  }
}

// Goes over the addresses upward with the ranges that hold the present one in a heap, the strongest on top. A
// range is taken off only when it comes to the top: what ended below it does no harm.
void Segments::append_overlapping(const std::vector<Range>& ranges) {
  const auto weaker = [&](std::size_t a, std::size_t b) { return ranges[a].priority < ranges[b].priority; };
  std::vector<std::size_t> open;
  std::size_t next = 0;
  std::uint64_t at = 0;
  while (next < ranges.size() || !open.empty()) {
    if (open.empty()) at = ranges[next].low;
    for (; next < ranges.size() && ranges[next].low <= at; ++next) {
      open.push_back(next);
      std::push_heap(open.begin(), open.end(), weaker);
    }
    while (!open.empty() && ranges[open.front()].high <= at) {
      std::pop_heap(open.begin(), open.end(), weaker);
      open.pop_back();
    }
    if (open.empty()) {
      append(at, none);
      continue;
    }
    const Range& strongest = ranges[open.front()];
    append(at, strongest.value);
    const std::uint64_t begin =
        next < ranges.size() ? ranges[next].low : std::numeric_limits<std::uint64_t>::max();
    at = std::min(strongest.high, begin);
  }
}

std::uint32_t Segments::find(std::uint64_t address) const {
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), address);
  return after == starts_.begin() ? none : values_[static_cast<std::size_t>(after - starts_.begin()) - 1];
}

}  // namespace sonde::dwarf
