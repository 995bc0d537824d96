#include "tracer/process/touched_pages.hpp"

#include <cstdio>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"

using namespace sonde;
using namespace sonde::process;

namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t everything = ~std::uint64_t{0};

struct Reserved {
  explicit Reserved(std::size_t bytes, int protection = PROT_READ | PROT_WRITE)
      : size(bytes),
        begin(static_cast<char*>(
            ::mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {
    REQUIRE(begin != MAP_FAILED);
    ::madvise(begin, size, MADV_NOHUGEPAGE);
  }
  ~Reserved() { ::munmap(begin, size); }

  std::uint64_t at(std::uint64_t number) const {
    return reinterpret_cast<std::uintptr_t>(begin) + number * page;
  }
  void touch(std::uint64_t number) const { begin[number * page] = 1; }
  memory::Mapping mapping(bool writable = true) const {
    memory::Mapping mapping{};
    mapping.begin = {at(0)};
    mapping.end = {at(size / page)};
    mapping.readable = true;
    mapping.writable = writable;
    return mapping;
  }

  std::size_t size;
  char* begin;
};

// Whether the kernel has PAGEMAP_SCAN: from Linux 6.7 on.
bool can_scan() {
  utsname name{};
  REQUIRE(::uname(&name) == 0);
  int major = 0;
  int minor = 0;
  REQUIRE(std::sscanf(name.release, "%d.%d", &major, &minor) == 2);
  return major > 6 || (major == 6 && minor >= 7);
}

}  // namespace

TEST_CASE("pages that were touched, asked for in both ways") {
  const Reserved memory(std::size_t{1} << 30);
  for (const std::uint64_t number : {0U, 1U, 2U, 70'000U, 262'143U}) memory.touch(number);
  for (std::uint64_t number = 100'000; number < 110'000; number += 2) memory.touch(number);
  for (const bool scan : {true, false}) {
    CAPTURE(scan);
    auto pages = TouchedPages::of(::getpid(), scan);
    REQUIRE(pages);
    std::vector<Pages> touched;
    REQUIRE(pages->append(memory.mapping(), everything, touched));
    REQUIRE(touched.size() == 5'003);
    CHECK(touched[0].begin == memory.at(0));
    CHECK(touched[0].end == memory.at(3));
    CHECK(touched[1].begin == memory.at(70'000));
    CHECK(touched[2].size() == page);
    CHECK(touched[2].begin == memory.at(100'000));
    CHECK(touched[5'001].begin == memory.at(109'998));
    CHECK(touched.back().begin == memory.at(262'143));
    CHECK(touched.back().end == memory.at(262'144));
    CHECK(pages->bytes() == 5'005 * page);
  }
}

TEST_CASE("a mapping of a TiB of which little is touched") {
  const Reserved huge(std::size_t{1} << 40);
  const std::uint64_t far = huge.size / page - 3;
  huge.touch(5);
  huge.touch(far);
  std::vector<Pages> touched;
  auto scanning = TouchedPages::of(::getpid());
  REQUIRE(scanning);
  if (can_scan()) {
    REQUIRE(scanning->append(huge.mapping(), everything, touched));
    REQUIRE(touched.size() == 2);
    CHECK(touched[0].begin == huge.at(5));
    CHECK(touched[1].begin == huge.at(far));
    CHECK(touched[1].size() == page);
  }
  touched.clear();
  auto reading = TouchedPages::of(::getpid(), false);
  REQUIRE(reading);
  CHECK_FALSE(reading->append(huge.mapping(), everything, touched));
  CHECK(touched.empty());
}

TEST_CASE("what cannot be written counts where it is the process's own") {
  Reserved memory(16 * page);
  memory.touch(3);
  ::mprotect(memory.begin, memory.size, PROT_READ);
  // Of a file, and so its own nowhere: this program's first page.
  extern const char __executable_start;
  memory::Mapping program{};
  program.begin = {reinterpret_cast<std::uintptr_t>(&__executable_start)};
  program.end = program.begin + page;
  REQUIRE(*reinterpret_cast<const volatile char*>(&__executable_start) == 0x7f);
  for (const bool scan : {true, false}) {
    CAPTURE(scan);
    auto pages = TouchedPages::of(::getpid(), scan);
    REQUIRE(pages);
    std::vector<Pages> touched;
    REQUIRE(pages->append(memory.mapping(false), everything, touched));
    REQUIRE(touched.size() == 1);
    CHECK(touched[0].begin == memory.at(3));
    REQUIRE(pages->append(program, everything, touched));
    CHECK(touched.size() == 1);
    program.writable = true;
    REQUIRE(pages->append(program, everything, touched));
    CHECK(touched.size() == 2);
    program.writable = false;
  }
}

TEST_CASE("no more pages are looked for than there is room for") {
  const Reserved memory(64 * page);
  for (std::uint64_t number = 0; number < 64; number += 2) memory.touch(number);
  const Reserved other(64 * page, PROT_READ | PROT_WRITE | PROT_EXEC);
  other.touch(0);
  for (const bool scan : {true, false}) {
    auto pages = TouchedPages::of(::getpid(), scan);
    REQUIRE(pages);
    std::vector<Pages> touched;
    REQUIRE(pages->append(memory.mapping(), 10 * page, touched));
    CHECK(pages->bytes() > 10 * page);
    const std::uint64_t bytes = pages->bytes();
    REQUIRE(pages->append(other.mapping(), 10 * page, touched));
    CHECK(pages->bytes() == bytes);
  }
}
