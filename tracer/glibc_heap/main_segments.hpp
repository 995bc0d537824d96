// The memory of main_arena: what brk gave, and where brk could not grow, mappings.
#pragma once

#include "glibc_heap/arena.hpp"
#include "glibc_heap/chunks.hpp"
#include "glibc_heap/notes.hpp"

namespace sonde::glibc_heap {

// Walks all of it. `taken`: memory of other arenas.
void walk_main_arena(const Process& process, const Arena& main, const std::optional<Parameters>& parameters,
                     const std::vector<Range>& taken, ChunkWalk& chunks, Notes& notes);

}  // namespace sonde::glibc_heap
