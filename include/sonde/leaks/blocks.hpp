// The blocks of a heap, and which of them an address lies in.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sonde/leaks/row.hpp"

namespace sonde::leaks {

struct Block {
  std::uint64_t address = 0;
  std::uint64_t size = 0;  // As asked for; may be 0.

  // Behind the last address that counts as the block's: one of no bytes has its start, as memcheck and
  // LeakSanitizer have it. One past the end belongs to no block in either.
  constexpr std::uint64_t end() const { return address + (size == 0 ? 1 : size); }
};

// Takes some 8 bytes a block, however they lie.
class Blocks {
 public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  // In the order of their addresses. False, and the block is left out, where it would overlap the last one or
  // begins before it, where it reaches into the kernel's half of the addresses, and beyond
  // limits::leak_blocks.
  bool add(Block block);
  void reserve(std::size_t count) { packed_.reserve(count); }
  // Builds the index: after the last add() and before find().
  void seal();

  std::size_t size() const { return packed_.size(); }
  Block operator[](std::uint32_t index) const { return block(index, run_of(index)); }

  // The block that the address lies in, or `none`.
  std::uint32_t find(std::uint64_t address) const;
  // The first block that begins at or behind the address; size() where there is none.
  std::uint32_t first_from(std::uint64_t address) const;

 private:
  friend class Pipeline;

  // A block's address in its run, and its size.
  struct Packed {
    std::uint32_t offset;
    std::uint32_t size;  // is_large: in large_.
  };
  static constexpr std::uint32_t is_large = ~std::uint32_t{0};
  struct Large {
    std::uint32_t index;
    std::uint64_t size;
  };
  // Blocks that lie close together. It is cut into pages of 1 << shift bytes, so that there are some 32
  // blocks in one as a rule; slots_[slot + page] is the first block that begins in that page or behind it.
  struct Run {
    std::uint64_t begin;  // Of its first block.
    std::uint32_t first;
    std::uint32_t count;
    std::uint32_t slot = 0;
    std::uint32_t pages = 0;
    unsigned shift = 0;
  };

  Block block(std::uint32_t index, const Run& run) const {
    const Packed packed = packed_[index];
    return {run.begin + packed.offset, packed.size == is_large ? large_size(index) : packed.size};
  }
  std::uint64_t large_size(std::uint32_t index) const;
  const Run& run_of(std::uint32_t index) const;
  // The last run that begins at or before the address; null where there is none.
  const Run* run_at(std::uint64_t address) const;
  // The last block of the run that begins at or before the address.
  std::uint32_t last_before(const Run& run, std::uint64_t address) const;
  // Where in a page's blocks one is to be looked for first. The page must have a block.
  std::uint32_t guess(const Run& run, std::uint64_t offset, std::uint32_t from, std::uint32_t to) const {
    const std::uint64_t in_page = offset & ((std::uint64_t{1} << run.shift) - 1);
    return from + static_cast<std::uint32_t>((in_page * (to - from)) >> run.shift);
  }
  void index_run(Run& run);
  // Marks what the run takes of the filter, of which so much was marked before, and says how much that was.
  std::size_t mark(const Run& run, std::size_t marked);

  // Addresses by their MiB, modulo 64 GiB: where no bit is set no block is, and none ends. Most words are no
  // pointers.
  static constexpr unsigned filter_shift = 20;
  static constexpr std::size_t filter_bits = std::size_t{1} << 16;
  bool may_have(std::uint64_t address) const {
    return address >= begin_ && address <= end_ && filter_[(address >> filter_shift) % filter_bits];
  }

  Row<Packed> packed_;
  std::vector<Large> large_;  // By index.
  std::vector<Run> runs_;     // By address, and by index.
  Row<std::uint32_t> slots_;
  std::bitset<filter_bits> filter_;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace sonde::leaks
