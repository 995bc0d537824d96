// Durations as counts, from which quantiles can be told afterwards.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "sonde/base/types.hpp"

namespace sonde::analysis {

// A log-linear histogram: each power of two is divided into 64 buckets of equal width, so that a quantile,
// told as the middle of its bucket, is off by at most 1/128 (0.8 %), and exact below 128 ns. Memory is taken
// a power of two at a time, 512 bytes each, and is at most 30 KiB however many durations are added.
class DurationHistogram {
 public:
  void add(Nanoseconds duration);
  void add(const DurationHistogram& other);

  std::uint64_t count() const { return count_; }
  // The smallest duration that at least `fraction` (0 to 1) of all are not above: quantile(0.5) is the
  // median. 0 when nothing was added.
  Nanoseconds quantile(double fraction) const;

 private:
  static constexpr unsigned buckets_bits = 6;
  static constexpr unsigned buckets = 1u << buckets_bits;
  static constexpr unsigned octaves = 64 - buckets_bits + 1;
  using Octave = std::array<std::uint64_t, buckets>;

  std::array<std::unique_ptr<Octave>, octaves> octaves_;
  std::uint64_t count_ = 0;
};

}  // namespace sonde::analysis
