// N children, one after the other, each made as WAY says: fork, vfork or thread. Each marks, allocates and
// ends. With a priority over its tracer, and only one CPU for both (the test sees to that), it has made a
// child, and that has stopped for the first time, before the tracer can look: the newest tracee is reported
// first.
#include "target.h"

static void* volatile kept;

static void* child_main(void* argument) {
  mark(1);
  for (int i = 0; i < 3; ++i) free(kept = malloc(7001));
  return argument;
}

static void make_process(pid_t pid) {
  must(pid >= 0, "fork");
  if (pid == 0) {
    child_main(NULL);
    _exit(0);
  }
  must(status_of(pid, 0) == 0, "status");
}

int main(int argc, char** argv) {
  must(argc == 3, "WAY N");
  const struct sched_param lowest = {.sched_priority = 1};
  sched_setscheduler(0, SCHED_FIFO,
                     &lowest);  // Without the right to do so, children are early only now and then.
  const int n = atoi(argv[2]);
  for (int i = 0; i < n; ++i) {
    if (strcmp(argv[1], "fork") == 0) {
      make_process(fork());
    } else if (strcmp(argv[1], "vfork") == 0) {
      make_process(vfork());
    } else {
      pthread_t thread;
      must(pthread_create(&thread, NULL, child_main, NULL) == 0, "pthread_create");
      pthread_join(thread, NULL);
    }
  }
  say("done %d", n);
  return 0;
}
