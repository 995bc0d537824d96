// The code that an entry covers: DW_AT_low_pc and DW_AT_high_pc, .debug_ranges (DWARF 4 section 2.17.3) and
// .debug_rnglists (DWARF 5 section 2.17.3).
#pragma once

#include <cstdint>
#include <vector>

#include "unit.hpp"

namespace sonde::dwarf {

// low up to high, not included.
struct CodeRange {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

// Puts the ranges behind those that are in `into`: the list if there is one, else low_pc up to high_pc.
// Ranges that are empty, and of code that the linker left out, do not count. Each entry of a list counts
// `budget` down by one; a list ends when it is 0.
void read_ranges(const File& file, const Unit& unit, Value low_pc, Value high_pc, Value ranges,
                 std::uint64_t& budget, std::vector<CodeRange>& into);

}  // namespace sonde::dwarf
