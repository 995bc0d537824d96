// Which blocks of a heap are lost: no chain of pointers leads to them from where a program can begin to look.
//
// The classes are memcheck's (its manual, 4.2.8, cases 1 to 9):
//
//   reachable  a chain of start-pointers leads from a root to the block
//   possible   chains do, but each of them has an interior-pointer
//   definite   no chain from a root does; it leads the blocks that only it holds
//   indirect   the same, but another lost block has a pointer to it, or into it
//
// An interior-pointer that a heuristic knows counts as a start-pointer. Pointers are aligned words; one past
// the end of a block is none to it, as memcheck and LeakSanitizer have it, but for `new T[0]` with a cookie
// (heuristic new_array), which LeakSanitizer knows and memcheck calls lost.
//
// Of lost blocks that hold each other in a circle and that no other lost block holds, the one with the lowest
// address is definite, the others are indirect. (memcheck chooses the same; LeakSanitizer calls all of them
// indirect. Where a block outside has a pointer into the circle, memcheck may call two definite that one
// holds; here that one alone is.) A block that several definite ones hold counts for the one with the highest
// address: it is counted once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sonde/base/types.hpp"
#include "sonde/leaks/blocks.hpp"
#include "sonde/leaks/row.hpp"
#include "sonde/suppress/suppression.hpp"

namespace sonde::leaks {

using LeakClass = suppress::LeakKind;  // definite, indirect, possible, reachable
inline constexpr std::size_t leak_classes = 4;

// Memory of the process as it was copied. What is in none of them was not readable. Copies are best kept in
// large pages (LargePages): blocks are visited in the order in which pointers lead to them.
struct Region {
  std::uint64_t begin = 0;
  Bytes bytes;
  // What a program finds without following a pointer: stacks, data, thread-local storage, mappings. All of
  // its words are looked at but for those in blocks. Of others, those in blocks that something leads to.
  bool root = false;

  constexpr std::uint64_t end() const { return begin + bytes.size(); }
};

struct AddressRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// memcheck's --leak-check-heuristics, on by default there as well.
struct Heuristics {
  bool std_string = true;            // The copy-on-write one: the characters behind its three words.
  bool length64 = true;              // Behind a first word that says how many bytes follow (sqlite).
  bool new_array = true;             // Behind the number of elements.
  bool multiple_inheritance = true;  // To a pointer to a vtable, in a block that begins with one.
  // Sizes are what glibc's malloc made of those that were asked for, which the first three then allow for.
  bool rounded_sizes = false;
};

struct Input {
  const Blocks& blocks;                  // Sealed.
  std::span<const Region> regions;       // By address; those that overlap an earlier one are left out.
  std::span<const std::uint64_t> words;  // Roots that are nowhere in memory: registers.
  // Mappings of files with code, by address: what a vtable points to. The vtables themselves (.data.rel.ro)
  // must be in a region; it need not be a root.
  std::span<const AddressRange> code = {};
  Heuristics heuristics = {};
};

// What a definite block keeps from being freed, beside itself.
struct Leader {
  std::uint32_t index = 0;
  std::uint32_t kept_blocks = 0;
  std::uint64_t kept_bytes = 0;
};

struct ClassTotal {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
};

struct Outcome {
  Row<LeakClass> classes;  // Of each block.
  // Of each indirect block the index of the definite one that it counts for; of others their own. Empty where
  // no block is lost.
  Row<std::uint32_t> leaders;
  std::vector<Leader> kept;  // The definite blocks that keep others, by index.
  std::array<ClassTotal, leak_classes> totals{};

  std::uint64_t words_scanned = 0;
  std::uint64_t unreadable_bytes = 0;  // Of blocks that were to be scanned: pointers there are not known.
  std::size_t regions_left_out = 0;    // They overlap, or are beyond limits::leak_regions.

  std::uint32_t leader_of(std::uint32_t block) const { return leaders.empty() ? block : leaders[block]; }
  const ClassTotal& total(LeakClass kind) const { return totals[static_cast<std::size_t>(kind)]; }
};

// Contents may be whatever they are: each block is looked through three times at most, each word takes the
// time of a search among the blocks of a page. Takes 9 bytes a block beside its input and its outcome, which
// has 5, and an eighth of the regions' memory at most. Two threads share a part of the work.
Outcome scan(const Input& input);

}  // namespace sonde::leaks
