// Blocks that have a mapping of their own (IS_MMAPPED). They are in no list: memory that begins as they do is
// looked for, and compared with how many of them malloc has counted.
#pragma once

#include <vector>

#include "glibc_heap/arena.hpp"
#include "glibc_heap/cached_memory.hpp"
#include "glibc_heap/notes.hpp"
#include "sonde/glibc_heap/walk.hpp"

namespace sonde::glibc_heap {

struct MappedChunk {
  Range range;
  Block block;
};

// By address. `taken`: memory of arenas, in any order.
std::vector<MappedChunk> find_mapped(const Process& process, CachedMemory& memory,
                                     const std::optional<Parameters>& parameters,
                                     const std::vector<Range>& taken, Notes& notes);

}  // namespace sonde::glibc_heap
