// The counters of a heap, put together as --by asks.
#pragma once

#include <string>
#include <vector>

#include "output/heap_lines.hpp"
#include "sonde/output/heap_report.hpp"

namespace sonde::output {

// HeapCounters with the peak's part as plain numbers.
struct HeapNumbers {
  std::uint64_t allocations = 0;
  std::uint64_t bytes = 0;
  std::uint64_t resizes = 0;
  std::uint64_t releases = 0;
  std::uint64_t temporary = 0;
  std::uint64_t failures = 0;
  std::uint64_t live_blocks = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t peak_blocks = 0;
  std::uint64_t peak_bytes = 0;
  Nanoseconds lifetimes = 0;

  void add(const analysis::HeapCounters& counters, std::uint64_t peak);
  Nanoseconds mean_lifetime() const { return releases == 0 ? 0 : lifetimes / releases; }
  bool empty() const { return allocations == 0 && releases == 0 && failures == 0 && live_blocks == 0; }
};

struct HeapGroup {
  std::string name;  // Printable.
  HeapNumbers numbers;
};

// Those that are not empty: sizes by their order, all others with the largest at the peak first.
std::vector<HeapGroup> groups_of(const HeapReportSource& source, const analysis::ProcessHeap& heap,
                                 HeapGrouping by);

// The bounds of a size class, both included.
struct SizeRange {
  std::uint64_t smallest;
  std::uint64_t largest;
};
SizeRange size_range(std::size_t size_class);

}  // namespace sonde::output
