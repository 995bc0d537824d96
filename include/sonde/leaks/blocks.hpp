// The blocks of a heap, and which of them an address lies in.
#pragma once

#include <array>
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

// Takes some 9 bytes a block, however they lie.
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
  // Calls visit(index, block) for those from `from` up to `to`.
  template <typename Visit>
  void for_each(std::uint32_t from, std::uint32_t to, const Visit& visit) const {
    while (from < to) {
      const Run& run = run_of(from);
      const std::uint32_t end = run.first + run.count;
      for (; from < to && from < end; ++from) visit(from, block(from, run));
    }
  }

  // The block that the address lies in, or `none`.
  std::uint32_t find(std::uint64_t address) const;
  // The first block that begins at or behind the address; size() where there is none.
  std::uint32_t first_from(std::uint64_t address) const;

 private:
  friend class Pipeline;
  friend class Graph;

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
  // Where blocks begin in a piece of a run: a bit for each granule of 1 << granule bytes. For 10 million
  // blocks that is 11 MB, which lie in a cache, where the blocks themselves do not.
  struct alignas(32) Group {
    static constexpr std::uint64_t granules = 192;
    std::array<std::uint64_t, granules / 64> starts;
    std::uint32_t first;                                // The first block that begins in it or behind it.
    std::array<std::uint8_t, granules / 64 + 1> below;  // How many bits are set in the words before.
  };
  // Blocks that lie close together. Of small ones there are groups. Others it cuts into pages of 1 << shift
  // bytes, so that there are some 32 blocks in one as a rule; slots_[slot + page] is the first block that
  // begins in that page or behind it.
  struct Run {
    std::uint64_t begin;  // Of its first block.
    std::uint32_t first;
    std::uint32_t count;
    std::uint32_t slot = 0;
    std::uint32_t pages = 0;
    unsigned shift = 0;
    std::uint32_t group = 0;
    std::uint32_t groups = 0;  // 0: pages.
    unsigned granule = 0;
    std::uint32_t offset_bits = 0;  // That are set in any block's offset.
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
  std::uint32_t last_before(const Run& run, std::uint64_t address) const {
    return place_of(run, address).index;
  }
  // Where in a page's blocks one is to be looked for first. The page must have a block.
  std::uint32_t guess(const Run& run, std::uint64_t offset, std::uint32_t from, std::uint32_t to) const {
    const std::uint64_t in_page = offset & ((std::uint64_t{1} << run.shift) - 1);
    return from + static_cast<std::uint32_t>((in_page * (to - from)) >> run.shift);
  }
  // Where a word is found in a run: the last block that begins at or before it, and whether it begins there.
  struct Place {
    std::uint32_t index;
    bool is_start;
  };
  Place place_of(const Run& run, std::uint64_t address) const {
    if (run.groups != 0) return place_in_group(run, address - run.begin);
    const std::uint32_t index = last_in_page(run, address);
    return {index, run.begin + packed_[index].offset == address};
  }
  Place place_in_group(const Run& run, std::uint64_t offset) const {
    const std::uint64_t granule = offset >> run.granule;
    const std::uint64_t number = granule / Group::granules;
    if (number >= run.groups) return {run.first + run.count - 1, false};
    const Group& group = groups_[run.group + number];
    const std::uint64_t place = granule % Group::granules;
    const std::uint64_t up_to = group.starts[place / 64] << (63 - place % 64);
    const bool exact = (offset & ((std::uint64_t{1} << run.granule) - 1)) == 0;
    return {group.first + group.below[place / 64] + bits_of(up_to) - 1, exact && up_to >> 63 != 0};
  }
  // As the processor's own instruction, which not all have.
  static constexpr std::uint32_t bits_of(std::uint64_t word) {
    word -= word >> 1 & 0x5555'5555'5555'5555;
    word = (word & 0x3333'3333'3333'3333) + (word >> 2 & 0x3333'3333'3333'3333);
    word = (word + (word >> 4)) & 0x0f0f'0f0f'0f0f'0f0f;
    return static_cast<std::uint32_t>((word * 0x0101'0101'0101'0101) >> 56);
  }
  // Asks for what place_of() needs first.
  void prefetch_place(const Run& run, std::uint64_t address) const {
    const std::uint64_t offset = address - run.begin;
    if (run.groups != 0) {
      const std::uint64_t number = (offset >> run.granule) / Group::granules;
      if (number < run.groups) __builtin_prefetch(&groups_[run.group + number]);
    } else if (const std::uint64_t page = offset >> run.shift; page < run.pages) {
      __builtin_prefetch(&slots_[run.slot + page]);
    }
  }
  // The same for the second: a block where one of the page would be if all had one size.
  void prefetch_guess(const Run& run, std::uint64_t address) const;
  std::uint32_t last_in_page(const Run& run, std::uint64_t address) const;
  void index_run(Run& run);
  bool group_run(Run& run);
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
  Row<Group> groups_;
  std::bitset<filter_bits> filter_;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace sonde::leaks
