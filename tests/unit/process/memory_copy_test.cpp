#include "sonde/process/memory_copy.hpp"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "sonde/base/unique_fd.hpp"

using namespace sonde;
using namespace sonde::process;

namespace {

constexpr std::size_t page = 4096;

// A mapping of this process, which is the one that is copied.
struct Memory {
  explicit Memory(std::size_t bytes, int protection = PROT_READ | PROT_WRITE)
      : size(bytes),
        begin(static_cast<char*>(
            ::mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {
    REQUIRE(begin != MAP_FAILED);
  }
  ~Memory() { ::munmap(begin, size); }

  std::uint64_t address() const { return reinterpret_cast<std::uintptr_t>(begin); }
  std::size_t size;
  char* begin;
};

std::uint64_t bytes_of(const MemoryCopy& copy, const Memory& memory) {
  std::uint64_t bytes = 0;
  for (const CopiedRun& run : copy.runs) {
    const std::uint64_t begin = std::max(run.begin, memory.address());
    const std::uint64_t end = std::min(run.begin + run.size, memory.address() + memory.size);
    if (begin < end) bytes += end - begin;
  }
  return bytes;
}

}  // namespace

TEST_CASE("what a process has touched is copied, and nothing else") {
  const UniqueFd file(::memfd_create("copy", MFD_CLOEXEC));
  REQUIRE(file);
  const Memory large(std::size_t{1} << 30);
  const Memory unwritable(16 * page, PROT_READ);
  // Executable too, or the kernel would make one mapping of it and its neighbour.
  const Memory reserved(limits::copied_mapping_bytes + page, PROT_READ | PROT_WRITE | PROT_EXEC);
  std::strcpy(large.begin + 100 * page, "first");
  std::strcpy(large.begin + 200'000 * page + 7, "second");
  constexpr std::uint64_t offset = 16 * page;
  const auto copy = copy_memory(::getpid(), file.value(), offset, std::uint64_t{1} << 30);
  REQUIRE(copy);
  // Linux 6.7 finds what is touched of it; before, it is left out.
  CHECK((copy->left_out == 0 || copy->left_out >= reserved.size));
  CHECK(bytes_of(*copy, reserved) == 0);
  CHECK(bytes_of(*copy, unwritable) == 0);
  // Transparent huge pages may have made more of them than were touched.
  CHECK(bytes_of(*copy, large) >= 2 * page);
  CHECK(bytes_of(*copy, large) <= 8 << 20);
  for (const auto& [at, text] : {std::pair{100 * page, "first"}, std::pair{200'000 * page + 7, "second"}}) {
    const std::uint64_t address = large.address() + at;
    const auto run = std::ranges::find_if(copy->runs, [&](const CopiedRun& one) {
      return one.begin <= address && address < one.begin + one.size;
    });
    REQUIRE(run != copy->runs.end());
    CHECK(run->offset >= offset);
    char there[16] = {};
    REQUIRE(::pread(file.value(), there, sizeof there,
                    static_cast<off_t>(run->offset + address - run->begin)) == sizeof there);
    CHECK(std::string(there) == text);
  }
  CHECK(std::ranges::is_sorted(copy->runs, {}, &CopiedRun::begin));
}

TEST_CASE("more than there is room for is not copied") {
  const UniqueFd file(::memfd_create("copy", MFD_CLOEXEC));
  REQUIRE(file);
  const auto copy = copy_memory(::getpid(), file.value(), 0, page);
  REQUIRE_FALSE(copy);
  CHECK(copy.error().code == ErrorCode::limit);
}

TEST_CASE("a copy in memory of our own") {
  const Memory memory(std::size_t{64} << 20);
  const Memory behind(std::size_t{1} << 40, PROT_READ | PROT_WRITE | PROT_EXEC);
  for (std::size_t at = 0; at < memory.size; at += 3 * page) memory.begin[at] = static_cast<char>(at / page);
  const auto bytes = bytes_to_copy(::getpid(), std::uint64_t{4} << 30);
  REQUIRE(bytes);
  CHECK(*bytes >= memory.size / 3);
  // Made ready, too small, or not at all beforehand.
  for (const std::uint64_t before : {*bytes, std::uint64_t{page}, std::uint64_t{0}}) {
    CopySpace space;
    if (before != 0) {
      REQUIRE(space.resize(before));
      space.make_ready();
    }
    const auto copy = copy_memory(::getpid(), space, std::uint64_t{4} << 30);
    REQUIRE(copy);
    CHECK(std::ranges::is_sorted(copy->runs, {}, &CopiedRun::begin));
    CHECK(space.bytes().size() >= copy->bytes);
    std::size_t found = 0;
    for (const CopiedRun& run : copy->runs) {
      REQUIRE(run.offset + run.size <= space.bytes().size());
      for (std::uint64_t at = memory.address(); at < memory.address() + memory.size; at += 3 * page) {
        if (at < run.begin || at >= run.begin + run.size) continue;
        ++found;
        const auto expected = static_cast<char>((at - memory.address()) / page);
        REQUIRE(static_cast<char>(space.bytes()[run.offset + at - run.begin]) == expected);
      }
    }
    CHECK(found == (memory.size / page + 2) / 3);
  }
}

TEST_CASE("more than there is room for is not copied into memory of our own") {
  CopySpace space;
  const auto copy = copy_memory(::getpid(), space, page);
  REQUIRE_FALSE(copy);
  CHECK(copy.error().code == ErrorCode::limit);
  CHECK(space.bytes().empty());
}
