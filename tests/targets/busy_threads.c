// N threads make cheap calls until the test says stop; each says how many it made, which must be more than
// before the tracer came and went.
#include <stdatomic.h>

#include "target.h"

static atomic_int stop;
static atomic_long calls[1024];

static void* work(void* argument) {
  const long self = (long)argument;
  while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
    if (syscall(SYS_getppid) != getppid()) _exit(95);
    atomic_fetch_add_explicit(&calls[self], 1, memory_order_relaxed);
  }
  return NULL;
}

int main(int argc, char** argv) {
  const long n = argc > 1 ? atol(argv[1]) : 4;
  pthread_t threads[1024];
  for (long i = 0; i < n; ++i) must(pthread_create(&threads[i], NULL, work, (void*)i) == 0, "pthread_create");
  say("ready %d", getpid());
  // Each further line: every thread must get further before the answer.
  for (int round = 0; round < atoi(argc > 2 ? argv[2] : "1"); ++round) {
    hear();
    for (long i = 0; i < n; ++i) {
      const long before = atomic_load(&calls[i]);
      while (atomic_load(&calls[i]) == before) sched_yield();
    }
    say("all ran");
  }
  hear();
  atomic_store(&stop, 1);
  for (long i = 0; i < n; ++i) pthread_join(threads[i], NULL);
  say("done");
  return 0;
}
