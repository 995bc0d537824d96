#include "sonde/names/perf_map.hpp"

#include <string>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"

using namespace sonde;
using sonde::names::PerfMap;

namespace {

std::string name_at(const PerfMap& map, std::uint64_t address) {
  const auto function = map.find({address});
  return function ? std::string(function->name) : "";
}

}  // namespace

TEST_CASE("a line is a function") {
  const auto map = PerfMap::parse("7f00 10 interpreter\n0x8000 0x20 LazyCompile:~work file.js:1\n");
  CHECK(name_at(map, 0x7eff).empty());
  CHECK(name_at(map, 0x7f00) == "interpreter");
  CHECK(name_at(map, 0x7f0f) == "interpreter");
  CHECK(name_at(map, 0x7f10).empty());
  CHECK(name_at(map, 0x801f) == "LazyCompile:~work file.js:1");
  const auto function = map.find({0x7f05});
  REQUIRE(function);
  CHECK(function->begin == Address{0x7f00});
  CHECK(function->size == 0x10);
}

TEST_CASE("a later function replaces an earlier one") {
  const auto map = PerfMap::parse("100 100 old\n140 20 new\n80 90 before\n1f0 20 behind\n");
  CHECK(name_at(map, 0x80) == "before");
  CHECK(name_at(map, 0x10f) == "before");
  CHECK(name_at(map, 0x110) == "old");
  CHECK(name_at(map, 0x13f) == "old");
  CHECK(name_at(map, 0x140) == "new");
  CHECK(name_at(map, 0x160) == "old");
  CHECK(name_at(map, 0x1f0) == "behind");
  CHECK(name_at(map, 0x20f) == "behind");
  CHECK(name_at(PerfMap::parse("100 10 a\n100 10 b\n"), 0x105) == "b");
  CHECK(name_at(PerfMap::parse("100 10 a\n110 10 b\n80 200 all\n"), 0x115) == "all");
}

TEST_CASE("lines that cannot be understood are left out") {
  const auto map = PerfMap::parse(
      "\nnothing\n100\n100 10\n100 10 \n100 0 empty\nffffffffffffff00 200 wraps\n"
      "zz 10 bad\n200 10 good\n300 10 half a li");
  CHECK(map.ranges() == 1);
  CHECK(name_at(map, 0x205) == "good");
  CHECK(PerfMap::parse("").ranges() == 0);
  CHECK(name_at(PerfMap::parse("1 1 " + std::string(limits::symbol_name_bytes + 5, 'x') + "\n"), 1).size() ==
        limits::symbol_name_bytes);
}
