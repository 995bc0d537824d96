// A process that exists in a test alone, with a heap as glibc makes them: pieces of memory, and words in
// them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "sonde/glibc_heap/process.hpp"

namespace sonde::glibc_heap::test {

class MadeUp final : public MemoryReader {
 public:
  void map(Address begin, std::size_t size, std::string_view name, bool writable = true) {
    mappings_.push_back({{begin, begin + size}, true, writable, false, name});
    pieces_.push_back({begin, std::vector<std::uint64_t>(size / 8)});
  }

  std::size_t read(Address address, std::span<std::byte> into) const override {
    std::size_t done = 0;
    for (const Piece& piece : pieces_) {
      const std::uint64_t offset = address.value + done - piece.begin.value;
      const std::uint64_t bytes = piece.words.size() * 8;
      if (offset >= bytes) continue;
      const std::size_t count = std::min<std::size_t>(into.size() - done, bytes - offset);
      std::memcpy(into.data() + done, std::as_bytes(std::span(piece.words)).data() + offset, count);
      done += count;
      if (done == into.size()) break;
    }
    return done;
  }

  void put(Address address, std::uint64_t value) {
    if (std::uint64_t* word = find(address)) *word = value;
  }
  void put(Address address, std::initializer_list<std::uint64_t> values) {
    for (const std::uint64_t value : values) {
      put(address, value);
      address = address + 8;
    }
  }
  std::uint64_t word(Address address) {
    const std::uint64_t* found = find(address);
    return found == nullptr ? 0 : *found;
  }

  // Some word of the process for each number: the structures at the beginning of each piece have the low
  // ones.
  Address address_of(std::uint16_t number) const {
    const Piece& piece = pieces_[number % pieces_.size()];
    return piece.begin + number / pieces_.size() % piece.words.size() * 8;
  }

  const std::vector<Mapping>& mappings() const { return mappings_; }
  Process process(bool with_symbols = true, bool with_threads = true) const {
    Process made{*this, mappings_, {}, {}};
    if (with_symbols) made.symbols = symbols;
    if (with_threads) made.thread_pointers = thread_pointers;
    return made;
  }

  Symbols symbols;
  std::vector<Address> thread_pointers;

 private:
  struct Piece {
    Address begin;
    std::vector<std::uint64_t> words;
  };
  std::uint64_t* find(Address address) {
    for (Piece& piece : pieces_) {
      const std::uint64_t index = (address.value - piece.begin.value) / 8;
      if (address.value >= piece.begin.value && index < piece.words.size()) return &piece.words[index];
    }
    return nullptr;
  }

  std::vector<Mapping> mappings_;
  std::vector<Piece> pieces_;
};

inline constexpr Address brk{0x555500000000};
inline constexpr Address libc_data{0x7ffff7dd0000};
inline constexpr Address main_arena = libc_data + 0xc60;
inline constexpr Address mp = libc_data + 0x340;
inline constexpr Address thread_heap{0x7fff80000000};
inline constexpr Address thread_arena = thread_heap + 48;
inline constexpr Address thread_chunks = thread_heap + 0x8d0;  // Behind the arena, a multiple of 16.
inline constexpr Address mapped{0x7fff90000000};
inline constexpr Address stack{0x7fffa0000000};
inline constexpr Address main_thread = stack + 0x1800;
inline constexpr Address other_thread = stack + 0xc00;

// An arena whose bins are all empty.
inline void put_arena(MadeUp& process, Address arena, Address top, Address next, std::uint64_t system_mem) {
  process.put(arena + 0x60, top.value);
  for (std::uint64_t bin = arena.value + 0x60; bin < arena.value + 0x850; bin += 16) {
    process.put({bin + 16}, {bin, bin});
  }
  process.put(arena + 0x870, {next.value, 0, 1, system_mem, system_mem});
}

// Chunks one behind the other, each in use; returns where the next one goes.
inline Address put_chunks(MadeUp& process, Address at, std::initializer_list<std::uint64_t> sizes,
                          std::uint64_t flags = 1) {
  for (const std::uint64_t size : sizes) {
    process.put(at + 8, size | flags);
    at = at + size;
  }
  return at;
}

// main_arena's heap of 16 KiB: a thread's cache, chunks of 32, 48, 64, 48, 1056, 32 and 48 bytes, of which
// that of 64 is in the cache, the second of 48 in a fastbin, that of 1056 free; then top. A thread's arena:
// chunks of 656 (its cache) and 96. A mapped block of two pages. A main thread's variables, in the mapping
// that has an ended thread's stack.
inline MadeUp sound_process() {
  MadeUp process;
  process.map(brk, 0x4000, "[heap]");
  process.map(thread_heap, 0x3000, "");
  process.map(mapped, 0x3000, "");
  process.map(stack, 0x2000, "");
  process.map(libc_data, 0x2000, "/usr/lib/x86_64-linux-gnu/libc.so.6");

  const Address cache = brk + 16;
  Address at = put_chunks(process, brk, {0x290, 32, 48});
  const Address cached = at + 16;
  at = put_chunks(process, at, {64});
  const Address fast = at;
  at = put_chunks(process, at, {48, 1056});
  process.put(at, {1056, 32});  // The chunk before it is free.
  at = put_chunks(process, at + 32, {48});
  put_arena(process, main_arena, at, thread_arena, 0x4000);
  process.put(at + 8, (brk.value + 0x4000 - at.value) | 1);
  process.put(cache, std::uint64_t{1} << 32);  // counts[2]
  process.put(cache + 0x80 + 16, cached.value);
  process.put(cached, cached.value >> 12);
  process.put(main_arena + 0x18, fast.value);
  process.put(fast + 16, (fast.value + 16) >> 12);

  process.put(thread_heap, {thread_arena.value, 0, 0x3000, 0x3000, 4096});
  const Address thread_top = put_chunks(process, thread_chunks, {0x290, 96}, 5);
  put_arena(process, thread_arena, thread_top, main_arena, 0x3000);
  process.put(thread_top + 8, (thread_heap.value + 0x3000 - thread_top.value) | 1);

  process.put(mapped + 8, 0x2002);
  process.put(mp + 0x38, std::uint64_t{1} << 32);
  process.put(mp + 0x50, {0x2000, 0x2000, brk.value, 64, 1032, 7});

  process.put(main_thread, {main_thread.value, 0, main_thread.value});
  process.put({main_thread.value - 0x40}, {cache.value, 0, main_arena.value});
  process.put({other_thread.value - 0x40}, {thread_chunks.value + 16, 0, thread_arena.value});
  process.thread_pointers = {main_thread, other_thread};
  process.symbols.main_arena = main_arena;
  process.symbols.mp = mp;
  process.symbols.version = "2.36";
  return process;
}

}  // namespace sonde::glibc_heap::test
