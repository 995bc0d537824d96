#include "sonde/analysis/memory_series.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "sonde/analysis/heap_table.hpp"
#include "sonde/base/limits.hpp"
#include "unit/heap_events.hpp"

using namespace sonde;
using namespace sonde::analysis;
using namespace sonde::test;

namespace {

constexpr std::uint64_t mib = 1 << 20;

MemorySample sample(Nanoseconds time, std::uint64_t resident) {
  return {time, {.resident = resident, .anonymous = resident / 2, .brk = 1, .mapped = resident}, 0};
}

struct Trace : HeapEvents<HeapTable> {
  explicit Trace(HeapTable::Counts counts = HeapTable::Counts::all) : HeapEvents(table), table(counts) {
    start({7, 7});
  }
  void memory(std::uint64_t anonymous, std::uint64_t brk, std::uint64_t mapped, TaskId of = {7, 7}) {
    event(of, event::MemoryUse{anonymous + mib, anonymous, brk, mapped});
  }
  std::uint64_t unseen() const { return table.heaps().empty() ? 0 : table.heaps().front()->unseen_growth(); }
  HeapTable table;
};

}  // namespace

TEST_CASE("few samples are all kept") {
  MemorySeries series;
  CHECK(series.empty());
  CHECK(series.samples().empty());
  for (Nanoseconds i = 1; i <= 100; ++i) series.add(sample(i, 1000 - i));
  REQUIRE(series.samples().size() == 100);
  CHECK(series.samples().front().time == 1);
  CHECK(series.samples().back().time == 100);
  CHECK(series.largest().time == 1);
  CHECK(series.mapped_max() == 999);
  CHECK(series.growth() == 0);
}

TEST_CASE("of many the peaks stay, and the last") {
  MemorySeries series;
  for (Nanoseconds i = 1; i <= 100'001; ++i) {
    series.add(sample(i, i == 77'777 ? 5000 : i % 1000));
    if (i % 997 == 0) REQUIRE(series.samples().size() <= limits::heap_memory_samples);
  }
  const auto kept = series.samples();
  CHECK(kept.size() > limits::heap_memory_samples / 3);
  CHECK(kept.size() <= limits::heap_memory_samples);
  for (std::size_t i = 1; i < kept.size(); ++i) CHECK(kept[i - 1].time < kept[i].time);
  CHECK(std::ranges::count(kept, 5000, [](const auto& one) { return one.use.resident; }) == 1);
  CHECK(kept.back().time == 100'001);
  CHECK(series.largest().time == 77'777);
  CHECK(series.first().time == 1);
}

TEST_CASE("sizes that cannot be are bounded") {
  MemorySeries series;
  series.add({1, {}, 0});
  series.add({2, {~0ull, ~0ull, ~0ull, ~0ull}, 0});
  CHECK(series.growth() == ~0ull);
  CHECK(series.resident_growth() == ~0ull);
}

TEST_CASE("the table has the sizes of each process, with what was live") {
  Trace trace;
  trace.memory(0, 0, 0);
  trace.alloc(0x1000, 100);
  trace.memory(mib, 4096, mib);
  trace.memory(1, 1, 1, {8, 8});  // Of whom nobody has told.
  const MemorySeries& memory = trace.table.heaps().at(0)->memory();
  REQUIRE(memory.samples().size() == 2);
  CHECK(memory.samples()[0].live_bytes == 0);
  CHECK(memory.samples()[1].live_bytes == 100);
  CHECK(memory.last().use.brk == 4096);
}

TEST_CASE("memory that grows beyond all that was handed out is wondered at") {
  Trace trace;
  trace.memory(mib, 0, mib);
  trace.memory(41 * mib, 20 * mib, 21 * mib);
  CHECK(trace.unseen() == 40 * mib);  // Also where no call was seen at all.
  trace.alloc(0x1000, 9 * mib);
  CHECK(trace.unseen() == 31 * mib);
  trace.alloc(0x10000000, 2 * mib);
  CHECK(trace.unseen() == 0);
}

TEST_CASE("it is not where only one of both has grown, or little") {
  Trace reserved;
  reserved.memory(0, 0, 0);
  reserved.memory(mib, 0, 1000 * mib);
  CHECK(reserved.unseen() == 0);
  Trace stacks;
  stacks.memory(0, 0, 0);
  stacks.memory(100 * mib, 0, 10 * mib);
  CHECK(stacks.unseen() == 0);
  Trace before;
  before.memory(100 * mib, 0, 100 * mib);
  before.memory(110 * mib, 0, 110 * mib);
  CHECK(before.unseen() == 0);
}

TEST_CASE("small blocks take more than they say") {
  Trace trace;
  trace.memory(0, 0, 0);
  for (std::uint64_t i = 1; i <= 100'000; ++i) trace.alloc(i << 8, 1);
  trace.memory(20 * mib, 20 * mib, 0);
  CHECK(trace.unseen() == 0);
}

TEST_CASE("an account of a part of all calls tells nothing") {
  Trace trace(HeapTable::Counts::sampled);
  trace.memory(0, 0, 0);
  trace.alloc(0x1000, 1);
  trace.memory(100 * mib, 0, 100 * mib);
  CHECK(trace.unseen() == 0);
}

TEST_CASE("what a child has from its parent did not grow") {
  Trace trace;
  trace.memory(0, 0, 0);
  trace.alloc(0x1000, 30 * mib);
  trace.start({9, 9}, event::TaskOrigin::fork, 7);
  trace.task = {9, 9};
  trace.memory(30 * mib, 0, 30 * mib, {9, 9});
  trace.alloc(0x90000000, 1);
  trace.memory(60 * mib, 0, 60 * mib, {9, 9});
  CHECK(trace.table.heaps().at(0)->unseen_growth() == 0);
  CHECK(trace.table.heaps().at(1)->unseen_growth() == 30 * mib - 1);
}
