// How the memory of a process developed: its size, as the tracer has looked at it now and then.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sonde/base/types.hpp"
#include "sonde/event/event.hpp"

namespace sonde::analysis {

struct MemorySample {
  Nanoseconds time = 0;
  event::MemoryUse use{};
  std::uint64_t live_bytes = 0;  // What the heap's account had live then.
};

// At most limits::heap_memory_samples of them: when there are more, each two neighbours become one, that of
// the larger resident size.
class MemorySeries {
 public:
  void add(const MemorySample& sample);

  bool empty() const { return count_ == 0; }
  // The first, the largest by resident size (of several the first), and the last: exact, whatever was
  // dropped. There is one.
  const MemorySample& first() const { return first_; }
  const MemorySample& largest() const { return largest_; }
  const MemorySample& last() const { return last_; }
  std::uint64_t brk_max() const { return brk_max_; }
  std::uint64_t mapped_max() const { return mapped_max_; }
  // The most that the two together, and what is resident of no file, were above the first sample.
  std::uint64_t growth() const { return growth_; }
  std::uint64_t resident_growth() const { return resident_growth_; }

  // In the order of their times, the last among them.
  std::vector<MemorySample> samples() const;

 private:
  void keep(const MemorySample& sample);

  std::vector<MemorySample> kept_;
  std::uint64_t merged_ = 1;         // So many samples became one.
  std::uint64_t pending_count_ = 0;  // Of those that are to become the next.
  MemorySample pending_;
  std::uint64_t count_ = 0;
  MemorySample first_;
  MemorySample largest_;
  MemorySample last_;
  std::uint64_t brk_max_ = 0;
  std::uint64_t mapped_max_ = 0;
  std::uint64_t growth_ = 0;
  std::uint64_t resident_growth_ = 0;
};

}  // namespace sonde::analysis
