// The blocks of a heap that are in use, by their addresses.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sonde/analysis/slot_index.hpp"
#include "sonde/base/types.hpp"

namespace sonde::analysis {

struct LiveBlock {
  static constexpr std::uint64_t size_max = (std::uint64_t{1} << 48) - 1;

  std::uint64_t address;
  std::uint64_t size : 48;      // As asked for; no process has more address space.
  std::uint64_t function : 15;  // allocator::Function
  std::uint64_t kind_unknown : 1 = 0;
  Nanoseconds time;    // When it was allocated.
  std::uint32_t site;  // Whose meaning is the owner's.
  std::int32_t tid;
};
static_assert(sizeof(LiveBlock) == 32);

// 48 bytes a block at most, with the index, but for what growing takes for a moment.
class LiveBlocks {
 public:
  LiveBlocks() = default;
  LiveBlocks(const LiveBlocks& other);
  LiveBlocks(LiveBlocks&&) = default;
  LiveBlocks& operator=(LiveBlocks&&) = default;

  const LiveBlock* find(std::uint64_t address) const;
  // There must be none at its address.
  void insert(const LiveBlock& block);
  std::optional<LiveBlock> take(std::uint64_t address);
  void clear();

  // The block that has `address` behind its first byte. Looks at every block.
  const LiveBlock* around(std::uint64_t address) const;

  template <typename Visit>
  void each(Visit visit) const {
    for (std::uint32_t i = 0; i < places_; ++i) {
      if (at(i).tid != free_place) visit(at(i));
    }
  }

  std::size_t size() const { return index_.size(); }

 private:
  static constexpr std::uint32_t chunk = 256;
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  static constexpr std::int32_t free_place = -1;  // Its `site` is the next free one.

  LiveBlock& at(std::uint32_t i) { return chunks_[i / chunk][i % chunk]; }
  const LiveBlock& at(std::uint32_t i) const { return chunks_[i / chunk][i % chunk]; }
  std::optional<std::uint32_t> place_of(std::uint64_t address, std::uint32_t hash) const;

  SlotIndex index_;
  std::vector<std::unique_ptr<LiveBlock[]>> chunks_;
  std::uint32_t places_ = 0;  // In use or free again.
  std::uint32_t free_ = none;
};

}  // namespace sonde::analysis
