#include "sonde/memory/process_memory.hpp"

#include <array>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

#include <doctest/doctest.h>

using sonde::Address;
using sonde::memory::Piece;
using sonde::memory::ProcessMemory;

namespace {

// Two readable pages, then one that cannot be read.
struct Pages {
  Pages() {
    base = static_cast<char*>(
        ::mmap(nullptr, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memset(base, 'a', 2 * 4096);
    ::mprotect(base + 2 * 4096, 4096, PROT_NONE);
  }
  ~Pages() { ::munmap(base, 3 * 4096); }
  Address at(std::size_t offset) const { return {reinterpret_cast<std::uint64_t>(base) + offset}; }
  char* base;
};

}  // namespace

TEST_CASE("a read stops at the end of readable memory") {
  const Pages pages;
  std::array<std::byte, 64> into;
  const ProcessMemory memory(::getpid());
  CHECK(memory.read(pages.at(0), into) == 64);
  CHECK(memory.read(pages.at(2 * 4096 - 10), into) == 10);
  CHECK(memory.read(pages.at(2 * 4096), into) == 0);
  CHECK(memory.read(Address{0}, into) == 0);
}

TEST_CASE("an unreadable piece costs its own bytes only") {
  const Pages pages;
  std::array<std::array<std::byte, 16>, 4> into;
  std::array<Piece, 4> pieces{Piece{pages.at(0), into[0]}, Piece{pages.at(2 * 4096 - 4), into[1]},
                              Piece{Address{8}, into[2]}, Piece{pages.at(100), into[3]}};
  ProcessMemory(::getpid()).read_pieces(pieces);
  CHECK(pieces[0].done == 16);
  CHECK(pieces[1].done == 4);
  CHECK(pieces[2].done == 0);
  CHECK(pieces[3].done == 16);
  CHECK(into[3][15] == std::byte{'a'});
}
