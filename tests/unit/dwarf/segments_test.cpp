#include "dwarf/info/segments.hpp"

#include <random>

#include <doctest/doctest.h>

namespace sonde::dwarf {

TEST_CASE("ranges apart from one another, in any order") {
  const Segments segments({{30, 40, 0, 3}, {10, 20, 0, 1}, {20, 25, 0, 2}});
  CHECK(segments.find(9) == Segments::none);
  CHECK(segments.find(10) == 1);
  CHECK(segments.find(19) == 1);
  CHECK(segments.find(20) == 2);
  CHECK(segments.find(25) == Segments::none);
  CHECK(segments.find(39) == 3);
  CHECK(segments.find(40) == Segments::none);
  CHECK(Segments().find(0) == Segments::none);
}

TEST_CASE("each stretch is told once") {
  const Segments segments({{10, 50, 1, 1}, {20, 30, 2, 2}});
  std::vector<std::uint64_t> told;
  segments.each([&](std::uint64_t low, std::uint64_t high, std::uint32_t value) {
    told.insert(told.end(), {low, high, value});
  });
  CHECK(told == std::vector<std::uint64_t>{10, 20, 1, 20, 30, 2, 30, 50, 1});
}

TEST_CASE("of ranges that overlap, however they do, the one of the highest priority holds") {
  std::mt19937 random(1);
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  for (int round = 0; round < 300; ++round) {
    std::vector<Segments::Range> ranges;
    for (std::uint32_t i = 0; i < 1 + below(20); ++i) {
      const std::uint64_t low = below(60);
      ranges.push_back({low, low + 1 + below(30), i, i});
    }
    const Segments segments(ranges);
    for (std::uint64_t address = 0; address < 100; ++address) {
      std::uint32_t expected = Segments::none;
      for (const auto& range : ranges)
        if (range.low <= address && address < range.high) expected = range.value;
      REQUIRE(segments.find(address) == expected);
    }
  }
}

TEST_CASE("ranges that reach to the last address") {
  const std::uint64_t last = ~std::uint64_t{0};
  const Segments segments({{last - 10, last, 1, 1}, {last - 5, last, 2, 2}});
  CHECK(segments.find(last - 10) == 1);
  CHECK(segments.find(last - 5) == 2);
  CHECK(segments.find(last) == Segments::none);
}

}  // namespace sonde::dwarf
