// The heap of glibc's malloc, walked from outside: which blocks are in use, and which memory is the
// allocator's own.
//
// Names are those of glibc's malloc/malloc.c and malloc/arena.c: an arena is a malloc_state, of which
// main_arena lies in libc's data and grows by brk, and the others lie at the beginning of the first of their
// heaps (heap_info), which are aligned to 64 MiB. A chunk is a block with the 16 bytes before it. Known is
// glibc 2.36 on x86-64; of other versions the structures are checked as closely, and the notes say that they
// were not tried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/glibc_heap/process.hpp"

namespace sonde::glibc_heap {

// What the program has: the address that malloc returned, and what malloc_usable_size says of it.
struct Block {
  Address address;
  std::uint64_t size;

  constexpr bool operator==(const Block&) const = default;
};

struct Count {
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;  // Of chunks: with their headers, as mallinfo2(3) counts.

  constexpr bool operator==(const Count&) const = default;
};

struct Totals {
  Count in_use;   // The blocks, mapped ones too.
  Count mapped;   // Those among them that have a mapping of their own: mallinfo2's hblks, hblkhd.
  Count tcache;   // Free, kept by threads; mallinfo2 takes them for in use.
  Count fastbin;  // Free, in fastbins: smblks, fsmblks.
  Count bins;     // Free, in all other bins.
  Count top;      // Free, at the end of each arena. fordblks is fastbin, bins and top together.
  std::size_t arenas = 0;
  std::size_t tcaches = 0;       // Threads' caches that were found.
  std::uint64_t system_mem = 0;  // What all arenas have from the system, as they say: arena of mallinfo2.
};

struct HeapWalk {
  // Ascending. Without what is the allocator's own or free: the threads' caches (tcache_perthread_struct),
  // what is in them or in bins, top, fenceposts.
  std::vector<Block> blocks;
  // Ascending and disjoint: memory that the allocator has from the system. What lies in it and in no block is
  // nobody's: no pointer in it counts.
  std::vector<Range> owned;
  // Ascending and disjoint: the allocator's structures in libc's data. Pointers in them do not count either.
  std::vector<Range> ignored;
  Totals totals;
  // What was damaged or could not be read, and where the walk went on. For people; at most heap_walk_notes.
  std::vector<std::string> notes;
};

// Fails with `unsupported` where the process has no shared glibc (musl, a static program), or one whose
// structures are not those that are known. Whatever the memory holds, time is linear in the mappings' bytes
// that are read and bounded by limits (heap_walk_...); what could be read of a damaged heap is reported, with
// notes.
Result<HeapWalk> walk(const Process& process);

}  // namespace sonde::glibc_heap
