#include "sonde/record/stop_waiter.hpp"

#include <algorithm>
#include <cstdint>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "sonde/base/clock.hpp"

namespace sonde::record {

namespace {

constexpr const char* latency_device = "/dev/cpu_dma_latency";
// A halted CPU needs 20 to 40 us to wake up and run a tracee; one that polls, 5.
constexpr Nanoseconds spin_ns = 50'000;
constexpr unsigned backoff_max = 1024;
constexpr Nanoseconds short_slice_ns = 100'000;  // The least that the kernel takes.

// The first version of struct sched_attr (sched_setattr(2)); <linux/sched/types.h> does not go with
// <sched.h>.
struct SchedulingAttributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime;
  std::uint64_t deadline;
  std::uint64_t period;
};
static_assert(sizeof(SchedulingAttributes) == 48);

}  // namespace

// More CPUs than cpu_set_t has room for make the call fail: then there are several.
bool has_several_cpus() {
  cpu_set_t cpus;
  return ::sched_getaffinity(0, sizeof cpus, &cpus) != 0 || CPU_COUNT(&cpus) > 1;
}

void ask_for_short_slices() {
  SchedulingAttributes attributes{};
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0 ||
      attributes.policy != SCHED_OTHER)
    return;
  attributes.runtime = short_slice_ns;
  ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

void CpuLatencyHold::hold() {
  if (fd_ || refused_) return;
  fd_.reset(::open(latency_device, O_WRONLY | O_CLOEXEC));
  const std::int32_t microseconds = 0;
  if (!fd_ || ::write(fd_.value(), &microseconds, sizeof microseconds) != sizeof microseconds) {
    refused_ = true;
    fd_.reset();
  }
}

ptrace::WaitOutcome StopWaiter::wait() {
  if (!spin_) return ptrace::look_at_any(ptrace::Block::yes);
  if (skip_ != 0) {
    --skip_;
    return ptrace::look_at_any(ptrace::Block::yes);
  }
  const Nanoseconds until = now() + spin_ns;
  do {
    auto outcome = ptrace::look_at_any(ptrace::Block::no);
    if (!std::holds_alternative<ptrace::Nothing>(outcome)) {
      backoff_ = 1;
      return outcome;
    }
  } while (now() < until);
  skip_ = backoff_;
  backoff_ = std::min(2 * backoff_, backoff_max);
  return ptrace::look_at_any(ptrace::Block::yes);
}

}  // namespace sonde::record
