// Which pointers into a block are as good as one to its start (memcheck's manual, --leak-check-heuristics,
// and heuristic_reachedness() of its mc_leakcheck.c, 3.19).
#pragma once

#include <cstdint>

#include "leaks/memory.hpp"
#include "sonde/leaks/scan.hpp"

namespace sonde::leaks {

// Whether `pointer`, which lies in the block but not at its start, is where a program holds such a block.
// Reads some 50 words at most.
bool is_held_inside(const Input& input, const Memory& memory, const Block& block, std::uint64_t pointer);

// Whether `pointer`, which is the end of the block, is what `new T[0]` returned: T has a destructor, and the
// block is but the number of elements, none.
bool is_empty_array(const Input& input, const Memory& memory, const Block& block, std::uint64_t pointer);

}  // namespace sonde::leaks
