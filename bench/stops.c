// What the kernel takes for the stops of `sonde heap`, whoever makes them: heap.c with an int3 wherever sonde
// has a breakpoint, and a tracer that waits for each stop and lets the program go on. It reads no registers
// and no memory, and writes nothing; what sonde costs beyond this is its own. It waits as sonde does: see
// tracer/record/stop_waiter.cpp.
//
// usage: stops COUNT
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP() __asm__ volatile("int3" ::: "memory")
#define main heap
#include "heap.c"
#undef main

#define SPIN_NS 50000
#define BACKOFF_MAX 1024
#define SHORT_SLICE_NS 100000

static void keep_cpus_awake(void) {
  const int device = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
  const int microseconds = 0;
  if (device < 0 || write(device, &microseconds, sizeof microseconds) < 0)
    perror("stops: /dev/cpu_dma_latency");
}

// struct sched_attr (sched_setattr(2)), which no header that goes with <sched.h> has.
static void ask_for_short_slices(void) {
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attributes = {.size = sizeof attributes};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  attributes.runtime = SHORT_SLICE_NS;
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

// Waits for a stop or an end as sonde does: without sleeping at first, and after that fails, the next 1, 2, 4
// ... 1,024 times not. A stop is looked at only: resuming takes it.
static siginfo_t next_change(void) {
  static unsigned skip = 0;
  static unsigned backoff = 1;
  const int options = WEXITED | WSTOPPED | WNOWAIT | __WALL;
  siginfo_t info = {0};
  if (skip == 0) {
    const int64_t until = now() + SPIN_NS;
    do {
      if (waitid(P_ALL, 0, &info, options | WNOHANG) == 0 && info.si_pid != 0) {
        backoff = 1;
        return info;
      }
    } while (now() < until);
    skip = backoff;
    if (backoff < BACKOFF_MAX) backoff *= 2;
  } else {
    --skip;
  }
  while (waitid(P_ALL, 0, &info, options) != 0 && errno == EINTR) continue;
  return info;
}

int main(int argc, char** argv) {
  const pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME) == 0) _exit(heap(argc, argv));
    perror("stops: PTRACE_TRACEME");
    _exit(1);
  }
  keep_cpus_awake();
  ask_for_short_slices();
  for (;;) {
    const siginfo_t info = next_change();
    if (info.si_code == CLD_EXITED) return info.si_status;
    if (info.si_code != CLD_TRAPPED) return 1;
    ptrace(PTRACE_CONT, child, 0, info.si_status == SIGTRAP ? 0L : (long)info.si_status);
  }
}
