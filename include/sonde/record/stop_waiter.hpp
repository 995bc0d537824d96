// Waiting for the next stop: a short spin first, where that pays.
//
// What makes a stop expensive is waking a halted CPU, not crossing from one CPU to another:
// docs/performance.md has the measurements. A tracer that asks again instead of sleeping does not let its own
// CPU halt; CpuLatencyHold (below), where it is allowed, keeps the tracee's from halting as well.
#pragma once

#include "sonde/base/unique_fd.hpp"
#include "sonde/ptrace/wait.hpp"

namespace sonde::record {

// Whether the calling process may run on more than one CPU (sched_getaffinity(2)). On a single one a spin
// only keeps the tracee from running.
bool has_several_cpus();

// Asks for the shortest time slice of the fair scheduler for the calling thread: a task that wakes up with a
// shorter slice than the running one's takes its CPU at once (Linux 6.12, sched_setattr(2), sched_runtime),
// instead of waiting for the end of that slice while a task stands at a stop. Needs no permission; older
// kernels, and other policies than SCHED_OTHER, are left as they are.
void ask_for_short_slices();

// Asks the kernel, while held, not to let idle CPUs halt: PM QoS, /dev/cpu_dma_latency set to 0 (kernel
// documentation, power/pm_qos_interface). It is a setting of the whole machine, so it is held only while
// events flow; the kernel drops it when the process ends, however it ends.
class CpuLatencyHold {
 public:
  // Does nothing where it is not allowed, or held already.
  void hold();
  void release() { fd_.reset(); }

 private:
  UniqueFd fd_;
  bool refused_ = false;
};

class StopWaiter {
 public:
  explicit StopWaiter(bool spin) : spin_(spin) {}

  // As ptrace::look_at_any(Block::yes).
  ptrace::WaitOutcome wait();

 private:
  bool spin_;
  unsigned skip_ = 0;     // Waits to go without a spin ...
  unsigned backoff_ = 1;  // ... doubled by each spin that caught nothing.
};

}  // namespace sonde::record
