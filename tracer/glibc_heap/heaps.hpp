// The heaps (heap_info) that arenas other than main_arena consist of.
#pragma once

#include <span>
#include <vector>

#include "glibc_heap/arena.hpp"
#include "glibc_heap/cached_memory.hpp"
#include "glibc_heap/chunks.hpp"
#include "glibc_heap/notes.hpp"

namespace sonde::glibc_heap {

struct Heap {
  Range range;      // All of it that can be written, with its header.
  Segment segment;  // Its chunks.
};

// By address. Each arena's heaps are linked from the last to the first; where that is damaged, those are
// found that name the arena.
std::vector<Heap> find_heaps(const Process& process, CachedMemory& memory, std::span<const Arena> arenas,
                             Notes& notes);

}  // namespace sonde::glibc_heap
