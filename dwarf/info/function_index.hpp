// Which function, and which inlined calls within it, an address of a unit belongs to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "abbreviation.hpp"
#include "segments.hpp"
#include "unit.hpp"

namespace sonde::dwarf {

inline constexpr std::uint32_t no_index = ~std::uint32_t{0};

// A function with code of its own, or a call that was inlined.
struct Function {
  std::uint64_t entry = 0;                // Reference::key() of the entry that has its name, or leads to it.
  std::uint32_t caller = no_index;        // Of an inlined call: what it is a part of.
  mutable std::uint32_t name = no_index;  // In the reader's names, once it has been asked for.
  std::uint32_t call_file = no_index;     // Where an inlined call is in the caller's source.
  std::uint32_t call_line = 0;
  std::uint32_t call_column = 0;
  bool inlined = false;
};

// A namespace, class or function that other entries are in.
struct Scope {
  std::uint64_t begin = 0;  // Offset of its entry,
  std::uint64_t end = 0;    // and of what comes behind its children.
  std::uint32_t outer = no_index;
};

// One unit's functions, found by one walk over its entries.
class FunctionIndex {
 public:
  // Without functions.
  FunctionIndex() = default;
  // Bounded by limits::dwarf_nesting, dwarf_unit_functions and dwarf_ranges, and by `budget`, which
  // attributes and ranges count down; what is beyond them is left out.
  FunctionIndex(const File& file, std::uint32_t file_number, const Unit& unit,
                const Abbreviations& abbreviations, std::uint64_t& budget);

  // The innermost at an address, or no_index.
  std::uint32_t find(std::uint64_t address) const { return segments_.find(address); }
  const Function& function(std::uint32_t index) const { return functions_[index]; }
  bool empty() const { return segments_.empty(); }

  // The innermost scope around the entry at an offset, or no_index.
  std::uint32_t scope_around(std::uint64_t offset) const;
  const Scope& scope(std::uint32_t index) const { return scopes_[index]; }

  // The ranges of all functions, for a unit whose root does not say where its code is.
  const Segments& segments() const { return segments_; }

  std::size_t memory() const;

 private:
  friend class UnitWalk;

  std::vector<Function> functions_;
  std::vector<Scope> scopes_;
  Segments segments_;
};

}  // namespace sonde::dwarf
