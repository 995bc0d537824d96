// Open addressing over elements that lie elsewhere, in an array: from a hash to their places there.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace sonde::analysis {

// A hash of a key, by a seed that differs from run to run: whoever chooses keys cannot make them collide.
std::uint32_t hash_of(std::uint64_t key);
std::uint32_t hash_of(std::uint64_t first, std::uint64_t second);

// Holds a hash and a place of 4 bytes each, at most 1.6 slots an element. An element is known by its place,
// below 2^32 - 1, and is in the index once.
class SlotIndex {
 public:
  // The place for which `is(place)` holds, among those of that hash.
  template <typename Is>
  std::optional<std::uint32_t> find(std::uint32_t hash, Is is) const {
    if (count_ == 0) return std::nullopt;
    for (std::size_t i = home(hash);; i = next(i)) {
      const std::uint64_t slot = slots_[i];
      if (slot == 0) return std::nullopt;
      if (slot >> 32 == hash && is(static_cast<std::uint32_t>(slot) - 1)) {
        return static_cast<std::uint32_t>(slot) - 1;
      }
    }
  }
  void insert(std::uint32_t hash, std::uint32_t place);
  // It must be there.
  void erase(std::uint32_t hash, std::uint32_t place);
  void clear();

  std::size_t size() const { return count_; }

 private:
  std::size_t home(std::uint32_t hash) const {
    return static_cast<std::size_t>((std::uint64_t{hash} * slots_.size()) >> 32);
  }
  std::size_t next(std::size_t i) const { return i + 1 == slots_.size() ? 0 : i + 1; }
  void put(std::uint64_t slot);
  void grow();

  std::vector<std::uint64_t> slots_;  // Hash, and place plus 1; 0: empty.
  std::size_t count_ = 0;
};

}  // namespace sonde::analysis
