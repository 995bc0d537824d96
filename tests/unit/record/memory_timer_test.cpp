#include "sonde/record/memory_timer.hpp"

#include <ctime>

#include <doctest/doctest.h>

using namespace sonde;
using namespace sonde::record;

namespace {

constexpr Nanoseconds ms = 1'000'000;

}  // namespace

TEST_CASE("a young process is looked at often, an old one ten times a second") {
  MemorySchedule schedule;
  CHECK(schedule.due(1));
  schedule.looked(1000 * ms, 0);
  CHECK_FALSE(schedule.due(1004 * ms));
  CHECK(schedule.due(1005 * ms));
  schedule.looked(1160 * ms, 0);
  CHECK(schedule.next() == 1170 * ms);
  schedule.looked(60'000 * ms, 0);
  CHECK(schedule.next() == 60'100 * ms);
}

TEST_CASE("looking takes a hundredth of the time at most") {
  MemorySchedule schedule;
  schedule.looked(1000 * ms, 5 * ms);
  CHECK(schedule.next() == 1500 * ms);
}

TEST_CASE("what is as it was is told once") {
  MemorySchedule schedule;
  CHECK(schedule.is_news({1, 1, 1, 1}));
  CHECK_FALSE(schedule.is_news({1, 1, 1, 1}));
  CHECK(schedule.is_news({2, 1, 1, 1}));
  CHECK(schedule.is_news({1, 1, 1, 1}));
}

TEST_CASE("the timer ends a sleep, again and again until it is set anew") {
  MemoryTimer timer;
  CHECK_FALSE(timer.armed());
  timer.ring_in(5 * ms);
  REQUIRE(timer.armed());
  for (int i = 0; i < 3; ++i) {
    const timespec long_time{60, 0};
    CHECK(::nanosleep(&long_time, nullptr) != 0);
    CHECK(MemoryTimer::rang());
  }
  timer.ring_in(60'000 * ms);
  CHECK_FALSE(MemoryTimer::rang());
  const MemoryTimer moved = std::move(timer);
  CHECK(moved.armed());
  CHECK_FALSE(timer.armed());  // NOLINT(bugprone-use-after-move): What it says then.
}
