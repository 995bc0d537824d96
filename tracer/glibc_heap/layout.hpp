// The structures of glibc 2.36's malloc on x86-64 (malloc/malloc.c, malloc/arena.c), as offsets in bytes.
// Nobody believes them before arena.cpp has found that the memory agrees.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sonde::glibc_heap {

inline constexpr std::uint64_t page_bytes = 4096;
inline constexpr std::uint64_t word_bytes = 8;

// malloc_chunk: the size of the chunk before it where that is free, its own size and flags, then the user's
// bytes.
namespace chunk {
inline constexpr std::uint64_t size = 8;
inline constexpr std::uint64_t header = 16;
inline constexpr std::uint64_t alignment = 16;
inline constexpr std::uint64_t smallest = 32;
inline constexpr std::uint64_t prev_inuse = 1;
inline constexpr std::uint64_t is_mmapped = 2;
inline constexpr std::uint64_t non_main_arena = 4;
inline constexpr std::uint64_t flags = 7;
}  // namespace chunk

// malloc_state.
namespace arena {
inline constexpr std::uint64_t mutex = 0;  // An int, as is flags behind it.
inline constexpr std::uint64_t fastbins = 0x10;
inline constexpr std::size_t fastbin_count = 10;
inline constexpr std::uint64_t top = 0x60;
inline constexpr std::uint64_t bins = 0x70;  // Pairs of fd and bk; a bin is named by the address of a chunk
                                             // that would have them there.
inline constexpr std::size_t bin_count = 127;
inline constexpr std::uint64_t next = 0x870;
inline constexpr std::uint64_t attached_threads = 0x880;
inline constexpr std::uint64_t system_mem = 0x888;
inline constexpr std::uint64_t max_system_mem = 0x890;
inline constexpr std::uint64_t bytes = 0x898;
static_assert(bins + 2 * word_bytes * bin_count + 16 == next);  // Between them binmap.
}  // namespace arena

// heap_info. What follows it in the first heap of an arena is the arena.
namespace heap {
inline constexpr std::uint64_t arena = 0;
inline constexpr std::uint64_t previous = 8;
inline constexpr std::uint64_t size = 16;
inline constexpr std::uint64_t mprotect_size = 24;
inline constexpr std::uint64_t bytes = 48;
inline constexpr std::uint64_t alignment = std::uint64_t{64} << 20;  // HEAP_MAX_SIZE.
}  // namespace heap

// malloc_par.
namespace parameters {
inline constexpr std::uint64_t mmaps = 0x3c;  // Two ints: n_mmaps, n_mmaps_max.
inline constexpr std::uint64_t mmapped_mem = 0x50;
inline constexpr std::uint64_t max_mmapped_mem = 0x58;
inline constexpr std::uint64_t sbrk_base = 0x60;
inline constexpr std::uint64_t tcache_bins = 0x68;
inline constexpr std::uint64_t tcache_max_bytes = 0x70;
inline constexpr std::uint64_t tcache_count = 0x78;
inline constexpr std::uint64_t bytes = 0x88;
}  // namespace parameters

// tcache_perthread_struct: 16-bit counts, then the first entry of each list. Entries are where the user's
// bytes were.
namespace tcache {
inline constexpr std::size_t bin_count = 64;
inline constexpr std::uint64_t entries = 0x80;
inline constexpr std::uint64_t bytes = 0x280;
// A chunk that is too large by less than another chunk is given as it is.
constexpr bool fits(std::uint64_t chunk_bytes) {
  return chunk_bytes == bytes + chunk::header || chunk_bytes == bytes + chunk::header + chunk::alignment;
}
}  // namespace tcache

// What a pointer that is kept at `at` in a list of free chunks means ("safe-linking", since 2.32).
constexpr std::uint64_t reveal(std::uint64_t at, std::uint64_t stored) { return (at >> 12) ^ stored; }

}  // namespace sonde::glibc_heap
