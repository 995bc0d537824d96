// What a program does wrong with its heap.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sonde/analysis/heap_stacks.hpp"
#include "sonde/base/types.hpp"

namespace sonde::analysis {

enum class HeapMisuse : std::uint8_t {
  double_free,      // Of a block that was given back before.
  unknown_address,  // Given back, and no call returned it, or it was given back long ago.
  inside_block,     // Given back, and it lies within a block.
  mismatch,         // Given back by a function that does not belong to the one that allocated it.
  // Notes: allowed, and seldom meant.
  huge_size,  // More than half of the address space: often a negative number, or an array that overflows.
  zero_size,
};

constexpr bool is_note(HeapMisuse misuse) { return misuse >= HeapMisuse::huge_size; }
// "double_free"
std::string_view name_of(HeapMisuse misuse);

// A call of an allocator's function, from somewhere.
struct HeapPlace {
  std::uint16_t function = 0;  // allocator::Function
  HeapStackId stack = 0;
  pid_t tid = 0;
  Nanoseconds time = 0;
};

struct HeapFinding {
  HeapMisuse misuse;
  std::uint64_t address = 0;  // As given back; of a note, what was returned.
  HeapPlace at;
  // The block that `address` is of, was of, or lies in.
  std::uint64_t block_address = 0;
  std::uint64_t size = 0;  // Its size; of a note, the one asked for.
  std::optional<HeapPlace> allocated;
  std::optional<HeapPlace> released;  // Before: of a double_free.
  std::uint64_t count = 1;            // Findings from the same places; the first one's addresses.
};

// Findings, those from the same places as one.
class HeapFindings {
 public:
  void add(const HeapFinding& finding);

  const std::vector<HeapFinding>& all() const { return all_; }
  // Beyond limits::heap_findings, which are not kept.
  std::uint64_t left_out() const { return left_out_; }
  bool full() const;

 private:
  std::vector<HeapFinding> all_;
  std::uint64_t left_out_ = 0;
};

// The last blocks that were given back, as many as there is room for: a newer one takes an older one's place.
class ReleasedBlocks {
 public:
  struct Block {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::uint32_t heap = 0;  // Whose it was: from 1 on.
    HeapPlace allocated;
    HeapPlace released;
  };

  void keep(const Block& block);
  void forget(std::uint32_t heap, std::uint64_t address);
  const Block* find(std::uint32_t heap, std::uint64_t address) const;

 private:
  static std::size_t place_of(std::uint32_t heap, std::uint64_t address);
  std::vector<Block> blocks_;  // None until the first is kept.
};

}  // namespace sonde::analysis
