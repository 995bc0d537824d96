#include "sonde/analysis/heap_growth.hpp"

#include <cmath>
#include <functional>

#include <doctest/doctest.h>

#include "sonde/analysis/heap_table.hpp"
#include "sonde/analysis/site_growth.hpp"
#include "sonde/base/limits.hpp"
#include "unit/heap_events.hpp"

using namespace sonde;
using namespace sonde::analysis;
using namespace sonde::test;

namespace {

constexpr Nanoseconds second = 1'000'000'000;

Development of(std::size_t rounds, const std::function<double(double)>& value) {
  std::vector<GrowthRound> all;
  std::vector<std::uint64_t> values;
  for (std::size_t i = 0; i <= rounds; ++i) {
    all.push_back({i, 2 * i * second, {}, 0});
    values.push_back(static_cast<std::uint64_t>(value(static_cast<double>(i))));
  }
  return develop(all, values);
}

// Blocks of two stacks: 1 grows by a block of 100 bytes each round, 2 has one block of 1000.
struct Trace : HeapEvents<HeapTable> {
  Trace() : HeapEvents(table) {
    start({7, 7});
    know(1, {0x10});
    know(2, {0x20});
    stack = 2;
    alloc(0x10'000, 1000);
    stack = 1;
  }
  void round() { alloc(0x20'000 + 0x100 * made++, 100); }
  const ProcessHeap& heap() const { return *table.heaps().front(); }

  HeapTable table;
  std::uint64_t made = 0;
};

}  // namespace

TEST_CASE("what grows for good does so in the later rounds") {
  const Development linear = of(20, [](double i) { return 1000 * i; });
  CHECK(linear.trend == Trend::steady);
  CHECK(linear.per_round == doctest::Approx(1000));
  CHECK(linear.per_second == doctest::Approx(500));
  CHECK(linear.grew == 20);
  CHECK(linear.steps == 20);
  // Behind a large start, with noise, and faster and faster.
  CHECK(of(20, [](double i) { return i < 3 ? 1e6 * i : 3e6 + 500 * i; }).trend == Trend::steady);
  CHECK(of(40, [](double i) { return 1000 * i + 700 * std::sin(3 * i) + 700; }).trend == Trend::steady);
  CHECK(of(20, [](double i) { return 10 * i * i; }).trend == Trend::steady);
  CHECK(of(4, [](double i) { return i; }).trend == Trend::steady);
}

TEST_CASE("a start is no growth, nor is a cache that fills up") {
  CHECK(of(20, [](double i) { return i < 1 ? 0 : 5000; }).trend == Trend::levelled);
  CHECK(of(20, [](double i) { return std::min(i, 8.0) * 1000; }).trend == Trend::levelled);
  CHECK(of(32, [](double i) { return 1e6 * (1 - std::exp(-i / 3)); }).trend == Trend::levelled);
}

TEST_CASE("what comes and goes is none") {
  CHECK(of(20, [](double) { return 7.0; }).trend == Trend::varying);
  CHECK(of(20, [](double i) { return 1000 - i; }).trend == Trend::varying);
  CHECK(of(21, [](double i) { return std::fmod(i, 2) * 1000; }).trend == Trend::varying);
  CHECK(of(20, [](double i) { return 500 + 400 * std::sin(i); }).trend == Trend::varying);
}

TEST_CASE("few rounds show no trend") {
  CHECK(of(0, [](double) { return 7.0; }).steps == 0);
  const Development three = of(3, [](double i) { return 10 * i; });
  CHECK(three.trend == Trend::varying);
  CHECK(three.per_round == doctest::Approx(10));
}

TEST_CASE("the rate is not moved by a jump at its end") {
  const Development jump = of(20, [](double i) { return 100 * i + (i > 18 ? 1e7 : 0); });
  CHECK(jump.per_round == doctest::Approx(100));
}

TEST_CASE("rounds of a heap") {
  Trace trace;
  HeapGrowth growth(trace.heap(), trace.now);
  growth.note_resident(1 << 20);
  for (int i = 0; i < 10; ++i) {
    if (i == 4) growth.note_resident(3 << 20);
    if (i == 4) growth.note_resident(2 << 20);
    trace.round();
    growth.end_round(trace.heap(), trace.now);
  }
  REQUIRE(growth.rounds().size() == 11);
  CHECK(growth.count() == 10);
  CHECK(growth.rounds()[0].live.bytes == 1000);
  CHECK(growth.rounds()[10].live.bytes == 2000);
  CHECK(growth.rounds()[10].live.blocks == 11);
  CHECK(growth.rounds()[4].resident_max == 1 << 20);
  CHECK(growth.rounds()[5].resident_max == 3 << 20);
  CHECK(growth.rounds()[6].resident_max == 2 << 20);
  const auto sites = growing_sites(growth);
  REQUIRE(sites.size() == 1);
  CHECK(sites[0].bytes.trend == Trend::steady);
  CHECK(sites[0].bytes.per_round == doctest::Approx(100));
  CHECK(sites[0].blocks_per_round == doctest::Approx(1));
  CHECK(sites[0].first.bytes == 0);
  CHECK(sites[0].last.blocks == 10);
  CHECK(growth.points_of(sites[0].site)[3].bytes == 300);
}

TEST_CASE("of very many rounds some are kept") {
  Trace trace;
  HeapGrowth growth(trace.heap(), trace.now);
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    growth.note_resident(i == 7777 ? 5000 : i % 1000);
    trace.round();
    growth.end_round(trace.heap(), trace.now);
    REQUIRE(growth.rounds().size() <= limits::growth_rounds + 1);
    REQUIRE(growth.rounds().back().number == i - i % growth.merged());
  }
  const auto& rounds = growth.rounds();
  CHECK(rounds.size() > limits::growth_rounds / 2);
  CHECK(rounds.front().number == 0);
  std::uint64_t highest = 0;
  for (std::size_t i = 1; i < rounds.size(); ++i) {
    highest = std::max(highest, rounds[i].resident_max);
    CHECK(rounds[i].live.blocks == rounds[i].number + 1);
    CHECK(rounds[i].number == i * growth.merged());
  }
  CHECK(highest == 5000);
  CHECK(growing_sites(growth).front().bytes.per_round == doctest::Approx(100));
}

TEST_CASE("old blocks, by site") {
  Trace trace;
  trace.round();
  trace.round();
  const Nanoseconds then = trace.now;
  trace.round();
  trace.free(0x20'000);
  const auto old = blocks_before(trace.heap(), then + 1);
  REQUIRE(old.size() == 2);
  CHECK(old[0].live.bytes == 1000);
  CHECK(old[1].live.blocks == 1);
  CHECK(old[1].oldest == then);
  CHECK(blocks_before(trace.heap(), 0).empty());
}
