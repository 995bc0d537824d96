// Which blocks the small ones point to, found out for all of them in the order of their addresses. Who
// followed pointers through the memory itself would wait for another page at each; what is made here of it is
// a tenth as large. That nothing is read in vain is sure: each block's words are wanted once, lost or not.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "leaks/memory.hpp"
#include "sonde/leaks/row.hpp"
#include "sonde/leaks/scan.hpp"

namespace sonde::leaks {

class Graph {
 public:
  // By two threads where there are two CPUs and enough to do.
  Graph(const Input& input, const Memory& memory);

  // Calls visit(block, is_start) for each that the block points to, `is_start` where that counts as a
  // start-pointer. False, and nothing is called, where it was not looked through: it is large, or there was
  // no room.
  template <typename Visit>
  bool for_each(std::uint32_t index, const Visit& visit) const {
    const std::uint32_t head = heads_[index];
    if (head == nothing) return true;
    if (head == unread) return false;
    if ((head & last) != 0) {
      visit(head & block_mask, (head & interior) == 0);
      return true;
    }
    for (const std::uint32_t* at = &links_[head];; ++at) {
      visit(*at & block_mask, (*at & interior) == 0);
      if ((*at & last) != 0) return true;
    }
  }
  void prefetch(std::uint32_t index) const { __builtin_prefetch(&heads_[index]); }
  // What is found there: the list of blocks, where it is more than one.
  void prefetch_links(std::uint32_t index) const {
    if ((heads_[index] & last) == 0) __builtin_prefetch(&links_[heads_[index]]);
  }

  // Blocks of that size were looked through here: their words are counted, also where there was no room.
  static constexpr bool counts(std::uint64_t block_size) { return block_size <= small_bytes; }
  std::uint64_t words() const { return words_; }
  std::uint64_t unreadable_bytes() const { return unreadable_; }

 private:
  // Larger blocks have enough words in one place to be looked through where they are.
  static constexpr std::uint64_t small_bytes = 512;

  class Builder;
  friend class Builder;

  // A link: the number of a block, below limits::leak_blocks, and two bits. A block with one has it in
  // heads_.
  static constexpr std::uint32_t last = std::uint32_t{1} << 31;
  static constexpr std::uint32_t interior = std::uint32_t{1} << 30;
  static constexpr std::uint32_t block_mask = (std::uint32_t{1} << 26) - 1;
  // Neither is a link.
  static constexpr std::uint32_t nothing = ~std::uint32_t{0};
  static constexpr std::uint32_t unread = ~std::uint32_t{0} - 1;

  Row<std::uint32_t> heads_;
  Row<std::uint32_t> links_;  // Has room for so many; what is not used takes no memory.
  std::atomic<std::uint32_t> next_block_ = 0;
  std::atomic<std::uint64_t> next_link_ = 0;
  std::atomic<std::uint64_t> words_ = 0;
  std::atomic<std::uint64_t> unreadable_ = 0;
};

}  // namespace sonde::leaks
