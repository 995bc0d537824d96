// The classes by their definitions, slowly and without a thought for memory: what scan() is held against.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "sonde/leaks/scan.hpp"

namespace sonde::leaks {

class Reference {
 public:
  Reference(const std::vector<Block>& blocks, std::span<const Region> regions,
            std::span<const std::uint64_t> words)
      : blocks_(blocks), regions_(regions), to_(blocks.size()) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const std::uint64_t end = blocks[i].address + blocks[i].size;
      for (std::uint64_t at = (blocks[i].address + 7) / 8 * 8; at + 8 <= end; at += 8)
        if (const auto word = this->word(at)) point(to_[i], *word);
    }
    for (const std::uint64_t word : words) point(roots_, word);
    for (const Region& region : regions) {
      if (!region.root) continue;
      for (std::uint64_t at = (region.begin + 7) / 8 * 8; at + 8 <= region.end(); at += 8)
        if (!touches_block(at)) point(roots_, *word(at));
    }
  }

  Row<LeakClass> classes() const {
    Row<LeakClass> classes(blocks_.size(), LeakClass::indirect);
    std::vector<bool> lost(blocks_.size(), true);
    for (const bool start_only : {false, true}) {
      const auto found = reached(roots_, start_only);
      for (std::size_t i = 0; i < found.size(); ++i) {
        if (!found[i]) continue;
        lost[i] = false;
        classes[i] = start_only ? LeakClass::reachable : LeakClass::possible;
      }
    }
    // Definite: what no lost block has a way to that it has no way to itself, the first of such.
    std::vector<std::vector<bool>> from(blocks_.size());
    for (std::size_t i = 0; i < blocks_.size(); ++i) from[i] = reached({{i, true}}, false);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      if (!lost[i]) continue;
      bool leads = true;
      for (std::size_t j = 0; j < blocks_.size(); ++j)
        if (j != i && lost[j] && from[j][i] && (!from[i][j] || j < i)) leads = false;
      if (leads) classes[i] = LeakClass::definite;
    }
    return classes;
  }

  bool leads_to(std::size_t leader, std::size_t block) const {
    return reached({{leader, true}}, false)[block];
  }

 private:
  struct Pointer {
    std::size_t block;
    bool start;
  };

  std::optional<std::uint64_t> word(std::uint64_t at) const {
    for (const Region& region : regions_) {
      if (at < region.begin || at + 8 > region.end()) continue;
      std::uint64_t word;
      std::memcpy(&word, region.bytes.data() + (at - region.begin), 8);
      return word;
    }
    return std::nullopt;
  }
  bool touches_block(std::uint64_t at) const {
    for (const Block& block : blocks_)
      if (at < block.address + block.size && block.address < at + 8 && block.size != 0) return true;
    return false;
  }
  void point(std::vector<Pointer>& pointers, std::uint64_t word) const {
    for (std::size_t i = 0; i < blocks_.size(); ++i)
      if (word >= blocks_[i].address && word < blocks_[i].end())
        pointers.push_back({i, word == blocks_[i].address});
  }
  std::vector<bool> reached(const std::vector<Pointer>& from, bool start_only) const {
    std::vector<bool> seen(blocks_.size());
    std::vector<Pointer> todo = from;
    while (!todo.empty()) {
      const Pointer pointer = todo.back();
      todo.pop_back();
      if (seen[pointer.block] || (start_only && !pointer.start)) continue;
      seen[pointer.block] = true;
      todo.insert(todo.end(), to_[pointer.block].begin(), to_[pointer.block].end());
    }
    return seen;
  }

  const std::vector<Block>& blocks_;
  std::span<const Region> regions_;
  std::vector<std::vector<Pointer>> to_;
  std::vector<Pointer> roots_;
};

}  // namespace sonde::leaks
