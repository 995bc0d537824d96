// What the walk over glibc's heap has to be told of a process. The process is stopped, or its memory was
// copied while it was: what is read must not change meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sonde/base/memory_reader.hpp"
#include "sonde/base/types.hpp"

namespace sonde::elf {
class Image;
}

namespace sonde::glibc_heap {

struct Range {
  Address begin;
  Address end;  // Exclusive.

  constexpr auto operator<=>(const Range&) const = default;
  constexpr std::uint64_t size() const { return end.value - begin.value; }
  constexpr bool contains(Address address) const { return begin <= address && address < end; }
};

// A line of /proc/PID/maps.
struct Mapping {
  Range range;
  bool readable;
  bool writable;
  bool shared;
  std::string_view name;  // As the kernel has it: a path, "[heap]" and its like, or empty. Untrusted.
};

// How libc's descriptor of a thread (struct pthread, where fs points to) is laid out, as libc tells debuggers
// in its symbols _thread_db_sizeof_pthread and _thread_db_pthread_tid, which are there in a stripped libc
// too.
struct ThreadLayout {
  std::uint32_t descriptor_bytes;
  std::uint32_t tid_offset;
};

// What the files of libc tell. Everything is checked against the memory before it is believed, and may be
// absent.
struct Symbols {
  std::optional<Address> main_arena;  // The malloc_state of malloc/malloc.c that is no mapping's part.
  std::optional<Address> mp;          // Its malloc_par: the parameters and counts of malloc.
  // How far the TLS variable tcache lies behind the TLS variable thread_arena.
  std::optional<std::int64_t> tcache_from_thread_arena;
  std::optional<ThreadLayout> threads;
  std::string version;  // "2.36"; empty where unknown.
};

// The first mapping of a shared glibc's libc.so.6; null where there is none.
const Mapping* find_libc(std::span<const Mapping> mappings);

// Reads them from libc.so.6 and, where there is one, its separate debug file. `load_bias`: what to add to the
// files' addresses (elf::Image::load_bias).
Symbols symbols_of(const elf::Image& libc, const elf::Image* debug_file, std::uint64_t load_bias);

struct Process {
  const MemoryReader& memory;
  std::span<const Mapping> mappings;  // All of them, ascending and disjoint.
  Symbols symbols{};
  // fs_base of each task, where known. Without them the caches of threads are looked for in the heap, where a
  // block that looks like an empty one can be taken for one only where such a cache is expected.
  std::span<const Address> thread_pointers{};
};

}  // namespace sonde::glibc_heap
