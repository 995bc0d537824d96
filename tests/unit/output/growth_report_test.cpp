#include "sonde/output/growth_report.hpp"

#include <doctest/doctest.h>

#include "sonde/analysis/heap_table.hpp"
#include "unit/heap_events.hpp"
#include "unit/output/schema.hpp"

using namespace sonde;
using namespace sonde::output;
using namespace sonde::test;

namespace {

constexpr Nanoseconds second = 1'000'000'000;

// A stack that leaks 1000 bytes a round, one that had 5 blocks in the first two, and names that are hostile.
struct Growing : HeapEvents<analysis::HeapTable> {
  explicit Growing(int rounds) : HeapEvents(table) {
    start({7, 7});
    event(task, event::TaskName{"app", "/bin/<app>\x1b"});
    know(1, {0x10});
    know(2, {0x20});
    stack = 2;
    alloc(0x1000, 10);
    growth.emplace(heap(), now);
    for (int i = 1; i <= rounds; ++i) {
      stack = 2;
      if (i < 3) alloc(0x10'000 + 0x100 * static_cast<std::uint64_t>(i), 50);
      stack = 1;
      alloc(0x20'000 + 0x1000 * static_cast<std::uint64_t>(i), 1000);
      growth->note_resident(static_cast<std::uint64_t>(i) << 20);
      now = static_cast<Nanoseconds>(i) * second;
      growth->end_round(heap(), now);
    }
  }
  const analysis::ProcessHeap& heap() const { return *table.heaps().front(); }
  GrowthReportSource source() {
    return {
        heap(), *growth,
        [](const analysis::ProcessHeap::Site& site) -> std::span<const suppress::Frame> {
          static const std::vector<suppress::Frame> first = {
              {.linkage_name = "malloc", .function = "malloc", .module = "libc.so.6"},
              {.linkage_name = "f", .function = "f\x1b[31m\"", .file = "a b.c", .line = 3, .module = "app"},
              {.linkage_name = "main", .function = "main", .module = "app"},
              {.linkage_name = "_start", .module = "app"}};
          if (site.stack == 0) return {};
          return first;
        },
        now};
  }

  analysis::HeapTable table;
  std::optional<analysis::HeapGrowth> growth;
};

}  // namespace

TEST_CASE("growth for people") {
  Growing growing(8);
  const std::string text = growth_report_text(
      growing.source(), {.older_than = 6 * second, .interval = second, .one_by_one = true});
  CHECK(text == R"(Growth of process 7 (/bin/<app>\033): 8 rounds of 1.000 s, in 8.000 s
  resident  grows by 1.0 MiB a round (1.0 MiB a second), in 7 of 7 rounds: 1.0 MiB at first, 8.0 MiB at last, 8.0 MiB at most
  heap      grows by 1000 B a round (1000 B a second), in 8 of 8 rounds: 10 B at first, 7.9 KiB at last, 7.9 KiB at most

Grows steadily, from 1 stack
  1000 B and 1.0 blocks a round (1000 B a second), in 8 of 8 rounds; at last 7.8 KiB in 8 blocks
    malloc (libc.so.6)
    f\033[31m" (a b.c:3)
    main (app)

Grew, and levelled off, from 1 stack
  100 B more, at last 110 B in 3 blocks
    malloc (libc.so.6)
    f\033[31m" (a b.c:3)
    main (app)

Not freed for 6.000 s, from 2 stacks
  2.0 KiB in 2 blocks, the oldest for 8.000 s
    malloc (libc.so.6)
    f\033[31m" (a b.c:3)
    main (app)
  110 B in 3 blocks, the oldest for 8.000 s
    malloc (libc.so.6)
    f\033[31m" (a b.c:3)
    main (app)
)");
  CHECK(grows(*growing.growth));
}

TEST_CASE("rounds that were merged are told so") {
  Growing growing(100);
  const std::string one_by_one = growth_report_text(growing.source(), {.round_by = "f", .one_by_one = true});
  CHECK(one_by_one.find("100 rounds of f, in") != std::string::npos);
  CHECK(one_by_one.find("  1000 B and 1.0 blocks a round (1000 B a second), in 50 of 50 steps of 2 rounds") !=
        std::string::npos);
  const std::string by_time = growth_report_text(growing.source(), {.interval = second});
  CHECK(by_time.find("50 rounds of 2.000 s, in") != std::string::npos);
  CHECK(by_time.find("  2.0 KiB and 2.0 blocks a round (1000 B a second), in 50 of 50 rounds") !=
        std::string::npos);
}

TEST_CASE("without rounds there is no trend") {
  Growing none(0);
  CHECK(growth_report_text(none.source(), {.round_by = "f\x1b"}).find("was there ever a f\\033?") !=
        std::string::npos);
  Growing few(2);
  CHECK(
      growth_report_text(few.source(), {.interval = second}).find("heap      too few rounds to tell: 10 B") !=
      std::string::npos);
  CHECK_FALSE(grows(*few.growth));
}

TEST_CASE("growth for programs") {
  Growing growing(8);
  const std::string json =
      growth_report_json(growing.source(), {.older_than = 6 * second, .interval = second});
  const auto document = parsed(json);
  CHECK(Schema().complaint(json) == "");
  CHECK(document["rounds"].Size() == 9);
  CHECK(document["rounds"][8]["resident_max"].GetUint64() == 8 << 20);
  REQUIRE(document["sites"].Size() == 2);
  CHECK(std::string(document["sites"][0]["trend"].GetString()) == "steady");
  CHECK(document["sites"][0]["points"][2][0].GetUint64() == 2000);
  CHECK(std::string(document["sites"][1]["trend"].GetString()) == "levelled");
  CHECK(document["old"][0]["oldest_ns"].GetUint64() > 6 * second);
}
