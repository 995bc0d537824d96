// A process's memory, made up: blocks at whole addresses, words in them, and roots.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

#include "sonde/leaks/scan.hpp"

namespace sonde::leaks {

class World {
 public:
  static constexpr std::uint64_t root = 0x10000;

  // A block with its memory; its address is its name.
  std::uint64_t block(std::uint64_t address, std::uint64_t size, std::vector<std::uint64_t> words = {}) {
    sizes_[address] = size;
    memory(address, std::max<std::uint64_t>(size, words.size() * 8), words, false);
    return address;
  }
  void memory(std::uint64_t address, std::uint64_t size, const std::vector<std::uint64_t>& words,
              bool is_root) {
    std::vector<std::byte> bytes(size);
    if (!words.empty())
      std::memcpy(bytes.data(), words.data(), std::min<std::size_t>(size, words.size() * 8));
    pieces_[address] = {std::move(bytes), is_root};
  }
  // A word of memory that is there.
  void put(std::uint64_t at, std::uint64_t word) {
    auto piece = --pieces_.upper_bound(at);
    std::memcpy(piece->second.bytes.data() + (at - piece->first), &word, 8);
  }
  void roots(const std::vector<std::uint64_t>& words) { memory(root, words.size() * 8, words, true); }

  Outcome scan() {
    blocks_ = {};
    for (const auto& [address, size] : sizes_) blocks_.add({address, size});
    blocks_.seal();
    regions_.clear();
    for (const auto& [address, piece] : pieces_) regions_.push_back({address, piece.bytes, piece.is_root});
    outcome_ = leaks::scan(
        {.blocks = blocks_, .regions = regions_, .words = registers, .code = code, .heuristics = heuristics});
    return outcome_;
  }
  // After scan().
  LeakClass of(std::uint64_t address) const { return outcome_.classes[blocks_.find(address)]; }
  std::uint64_t leader_of(std::uint64_t address) const {
    return blocks_[outcome_.leader_of(blocks_.find(address))].address;
  }
  const Blocks& blocks() const { return blocks_; }
  const std::vector<Region>& regions() const { return regions_; }

  std::vector<std::uint64_t> registers;
  std::vector<AddressRange> code;
  Heuristics heuristics;

 private:
  struct Piece {
    std::vector<std::byte> bytes;
    bool is_root = false;
  };
  std::map<std::uint64_t, std::uint64_t> sizes_;
  std::map<std::uint64_t, Piece> pieces_;
  Blocks blocks_;
  std::vector<Region> regions_;
  Outcome outcome_;
};

}  // namespace sonde::leaks
