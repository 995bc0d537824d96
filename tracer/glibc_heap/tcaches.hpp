// Finding the threads' caches of free chunks (tcache_perthread_struct), each a block of the heap itself.
#pragma once

#include <vector>

#include "glibc_heap/arena.hpp"
#include "glibc_heap/free_lists.hpp"

namespace sonde::glibc_heap {

// The user addresses of those blocks, ascending. By the threads' variables where they are known; else a block
// counts that has a cache's size and holds a sound one that is not empty, or is the first of a heap, where
// malloc puts it.
std::vector<Address> find_tcaches(const Process& process, CachedMemory& memory,
                                  const std::vector<Arena>& arenas, const std::vector<Block>& blocks,
                                  const std::vector<Address>& first_blocks, FreeLists& lists, Notes& notes);

}  // namespace sonde::glibc_heap
