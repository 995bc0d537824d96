// The copied memory of a process, by its addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "sonde/leaks/scan.hpp"

namespace sonde::leaks {

constexpr std::uint64_t word_bytes = 8;

// Beyond the kernel's half of the addresses nothing is looked at, so that these cannot overflow.
constexpr std::uint64_t align_up(std::uint64_t address) {
  return (address + word_bytes - 1) & ~(word_bytes - 1);
}
constexpr std::uint64_t align_down(std::uint64_t address) { return address & ~(word_bytes - 1); }

inline std::uint64_t load_word(const std::byte* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

class Memory {
 public:
  explicit Memory(std::span<const Region> regions);

  const std::vector<Region>& regions() const { return regions_; }
  std::size_t left_out() const { return left_out_; }

  // Aligned words that lie in one region.
  struct Words {
    std::uint64_t begin = 0;
    const std::byte* bytes = nullptr;
    std::size_t count = 0;
    std::uint64_t end() const { return begin + count * word_bytes; }
  };
  // The first that can be read from `from` on and up to `to`; no words where there are none.
  Words words(std::uint64_t from, std::uint64_t to) const;
  // Of an aligned address.
  std::optional<std::uint64_t> word(std::uint64_t address) const;
  // Where the byte was copied to; null where it was not.
  const std::byte* at(std::uint64_t address) const {
    const std::size_t index = from(address);
    if (index == regions_.size() || address < regions_[index].begin) return nullptr;
    return regions_[index].bytes.data() + (address - regions_[index].begin);
  }

 private:
  // The first region that ends behind the address. Asked for addresses near each other, as a rule.
  std::size_t from(std::uint64_t address) const {
    if (last_ < regions_.size() && address >= regions_[last_].begin && address < regions_[last_].end()) {
      return last_;
    }
    return search(address);
  }
  std::size_t search(std::uint64_t address) const;

  std::vector<Region> regions_;
  std::size_t left_out_ = 0;
  mutable std::size_t last_ = 0;
};

}  // namespace sonde::leaks
