// Arenas: finding main_arena and the others in its ring, and whether memory is laid out as an arena at all.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "glibc_heap/cached_memory.hpp"
#include "glibc_heap/layout.hpp"
#include "glibc_heap/notes.hpp"
#include "sonde/glibc_heap/process.hpp"

namespace sonde::glibc_heap {

struct Arena {
  Address address;
  bool main;
  bool locked;  // A thread is inside.
  std::array<std::uint64_t, arena::fastbin_count> fastbins;
  Address top;
  Address next;
  std::uint64_t system_mem;
};

// nullopt where it cannot be read.
std::optional<Arena> read_arena(CachedMemory& memory, Address address);

// How many of the arena's bins are either empty, and then point to themselves, or lists whose first and last
// chunk point back: all of them in a sound arena, hardly one in other memory.
std::size_t sound_bins(CachedMemory& memory, Address address);

// main_arena: where the symbol says, or else where libc's data looks like it. Where no thread has called
// malloc yet it has no top. nullopt where nothing there does.
std::optional<Arena> find_main_arena(const Process& process, CachedMemory& memory, Notes& notes);

// The arenas that main_arena's ring leads to, main_arena first; of a damaged ring those up to there, and
// those that the heaps of the process name.
std::vector<Arena> find_arenas(const Process& process, CachedMemory& memory, const Arena& main, Notes& notes);

// The parameters of malloc: where the symbol says, or else where libc's data looks like them.
struct Parameters {
  Address address;
  std::uint32_t mmaps;
  std::uint64_t mmapped_mem;
  Address sbrk_base;  // Where brk stood when the first arena began; 0 before.
};
std::optional<Parameters> find_parameters(const Process& process, CachedMemory& memory);

}  // namespace sonde::glibc_heap
