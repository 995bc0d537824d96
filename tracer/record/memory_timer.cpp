#include "sonde/record/memory_timer.hpp"

#include <algorithm>
#include <csignal>

namespace sonde::record {

namespace {

constexpr Nanoseconds shortest = 5'000'000;
constexpr Nanoseconds longest = 100'000'000;
constexpr Nanoseconds part_of_age = 16;
constexpr Nanoseconds times_the_cost = 100;

volatile std::sig_atomic_t has_rung = 0;

void on_ring(int) { has_rung = 1; }

}  // namespace

void MemorySchedule::looked(Nanoseconds time, Nanoseconds cost) {
  if (first_ == 0) first_ = time;
  const Nanoseconds by_age = std::clamp((time - first_) / part_of_age, shortest, longest);
  next_ = time + std::max(by_age, times_the_cost * cost);
}

bool MemorySchedule::is_news(const process::MemoryUse& use) {
  const bool news = use != last_;
  last_ = use;
  return news;
}

MemoryTimer::~MemoryTimer() {
  if (armed_) ::timer_delete(timer_);
}

bool MemoryTimer::rang() { return has_rung != 0; }

void MemoryTimer::ring_in(Nanoseconds interval) {
  has_rung = 0;
  if (!armed_) {
    struct sigaction action {};
    action.sa_handler = on_ring;  // No SA_RESTART: the sleep must end.
    ::sigaction(SIGVTALRM, &action, nullptr);
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGVTALRM;
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) return;
    armed_ = true;
  }
  const timespec every{static_cast<time_t>(interval / 1'000'000'000),
                       static_cast<long>(interval % 1'000'000'000)};
  const itimerspec setting{every, every};
  ::timer_settime(timer_, 0, &setting, nullptr);
}

}  // namespace sonde::record
