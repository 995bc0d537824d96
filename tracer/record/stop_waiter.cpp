#include "sonde/record/stop_waiter.hpp"

#include <algorithm>
#include <cstdint>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "sonde/base/clock.hpp"

namespace sonde::record {

namespace {

constexpr const char* latency_device = "/dev/cpu_dma_latency";
constexpr Nanoseconds spin_ns = 20'000;
constexpr unsigned backoff_max = 1024;

}  // namespace

bool can_hold_cpu_latency() { return ::access(latency_device, W_OK) == 0; }

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
  if (!spin_) return ptrace::wait_for_any(ptrace::Block::yes);
  if (skip_ != 0) {
    --skip_;
    return ptrace::wait_for_any(ptrace::Block::yes);
  }
  const Nanoseconds until = now() + spin_ns;
  do {
    auto outcome = ptrace::wait_for_any(ptrace::Block::no);
    if (!std::holds_alternative<ptrace::Nothing>(outcome)) {
      backoff_ = 1;
      return outcome;
    }
  } while (now() < until);
  skip_ = backoff_;
  backoff_ = std::min(2 * backoff_, backoff_max);
  return ptrace::wait_for_any(ptrace::Block::yes);
}

}  // namespace sonde::record
