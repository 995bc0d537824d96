#include "sonde/memory/mapping.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

using sonde::memory::parse_maps;

TEST_CASE("a line gives every field") {
  const auto maps =
      parse_maps("7f0000001000-7f0000003000 r-xs 00002000 fe:01 1234   /usr/lib/a b.so (deleted)\n");
  REQUIRE(maps);
  REQUIRE(maps->size() == 1);
  const auto& m = maps->front();
  CHECK(m.begin.value == 0x7f0000001000);
  CHECK(m.end.value == 0x7f0000003000);
  CHECK(m.readable);
  CHECK_FALSE(m.writable);
  CHECK(m.executable);
  CHECK(m.shared);
  CHECK(m.file_offset == 0x2000);
  CHECK(m.device_major == 0xfe);
  CHECK(m.device_minor == 1);
  CHECK(m.inode == 1234);
  CHECK(m.name == "/usr/lib/a b.so (deleted)");
}

TEST_CASE("an anonymous mapping has no name, and no last newline is needed") {
  const auto maps = parse_maps("1000-2000 rw-p 00000000 00:00 0 ");
  REQUIRE(maps);
  CHECK(maps->front().name.empty());
}

TEST_CASE("the kernel's own list of this process parses") {
  std::ifstream file("/proc/self/maps");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto maps = parse_maps(text);
  REQUIRE(maps);
  bool stack = false;
  for (const auto& m : *maps) stack = stack || m.name == "[stack]";
  CHECK(stack);
}

TEST_CASE("malformed text is an error that names the line") {
  for (const char* bad : {"x", "1000-2000", "2000-1000 rw-p 0 00:00 0", "1000-2000 rw-q 0 00:00 0",
                          "1000-2000 rw-p 0 00:00 0x", "10000000000000000-2 rw-p 0 00:00 0", "\n"}) {
    CAPTURE(bad);
    const auto maps = parse_maps(bad);
    REQUIRE_FALSE(maps);
    CHECK(maps.error().context.find("line 1 ") != std::string::npos);
  }
  const auto overlap = parse_maps("1000-3000 rw-p 0 00:00 0\n2000-4000 rw-p 0 00:00 0\n");
  REQUIRE_FALSE(overlap);
  CHECK(overlap.error().context == "line 2 overlaps the one before it");
}
