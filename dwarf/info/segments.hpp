// A map from addresses to numbers, made of ranges that may overlap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sonde::dwarf {

class Segments {
 public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct Range {
    std::uint64_t low = 0;
    std::uint64_t high = 0;      // Not included; above low.
    std::uint64_t priority = 0;  // Where ranges overlap the highest holds.
    std::uint32_t value = none;
  };

  Segments() = default;
  // Takes time n log n, however the ranges overlap.
  explicit Segments(std::vector<Range> ranges);

  // The value of the range that holds the address, or none.
  std::uint32_t find(std::uint64_t address) const;

  // Calls `take(low, high, value)` for each stretch of addresses that has a value, upward.
  template <typename Take>
  void each(Take take) const {
    for (std::size_t i = 0; i + 1 < starts_.size(); ++i)
      if (values_[i] != none) take(starts_[i], starts_[i + 1], values_[i]);
  }

  bool empty() const { return starts_.empty(); }
  std::size_t memory() const {
    return starts_.capacity() * sizeof(std::uint64_t) + values_.capacity() * sizeof(std::uint32_t);
  }

 private:
  void append(std::uint64_t start, std::uint32_t value);
  void append_apart(const std::vector<Range>& ranges);
  void append_overlapping(const std::vector<Range>& ranges);

  // From starts_[i] up to starts_[i + 1] the value is values_[i]. Apart, because a search touches starts
  // alone.
  std::vector<std::uint64_t> starts_;
  std::vector<std::uint32_t> values_;
};

}  // namespace sonde::dwarf
