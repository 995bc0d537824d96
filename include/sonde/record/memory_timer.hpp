// When to look how much memory the processes have whose heaps are watched.
#pragma once

#include <ctime>

#include "sonde/base/types.hpp"
#include "sonde/process/memory_use.hpp"

namespace sonde::record {

// Of one process: often while it is young, ten times a second later on, and never so often that looking takes
// more than a hundredth of the time.
class MemorySchedule {
 public:
  bool due(Nanoseconds time) const { return time >= next_; }
  // When it is due again.
  Nanoseconds next() const { return next_; }
  // It was looked at `time`, which took `cost`.
  void looked(Nanoseconds time, Nanoseconds cost);

  // Whether it is news, to be told once.
  bool is_news(const process::MemoryUse& use);

 private:
  Nanoseconds first_ = 0;
  Nanoseconds next_ = 0;
  process::MemoryUse last_;
};

// Ends the sleep of a process in wait4() when it is time: by a signal, SIGVTALRM, which is sent again and
// again, since one that comes just before the sleep would be lost. One per process.
class MemoryTimer {
 public:
  MemoryTimer() = default;
  MemoryTimer(const MemoryTimer&) = delete;
  MemoryTimer(MemoryTimer&& other) noexcept : timer_(other.timer_), armed_(other.armed_) {
    other.armed_ = false;
  }
  ~MemoryTimer();

  // Whether the time has come. Cheap: the kernel is not asked.
  static bool rang();
  bool armed() const { return armed_; }
  // From now on, every so often. Without timers left in the kernel it never rings.
  void ring_in(Nanoseconds interval);

 private:
  ::timer_t timer_{};
  bool armed_ = false;
};

}  // namespace sonde::record
