// Is killed at the very moment at which it has made a child, by WAY: fork or vfork. So a tracer is never told
// who has made the child, which allocates all the same, and says so.
//
// All have one CPU with the tracer, which has the priority 1 (the test sees to both). The killer's is higher,
// and that of the program higher still: when the killer goes on, the program stands where it tells its tracer
// of the child, and the tracer has not looked. With "first" as WHEN the child has the program's priority: it
// has stopped for the first time as well by then. With "later" it has none: it does so when the program's end
// was told. With "leaving" the killer asks the tracer's parent, which is the program's, to detach as well.
#include "target.h"

static void* volatile kept;

static void be(int policy, int priority) {
  const struct sched_param parameters = {.sched_priority = priority};
  if (sched_setscheduler(0, policy, &parameters) == 0) return;
  say("not allowed");
  _exit(0);
}

static void wait_for_byte(int from) {
  char byte;
  if (read(from, &byte, 1) != 1) _exit(0);
}

static void kill_parent(int asked, int ready, pid_t keeper) {
  be(SCHED_FIFO, 2);
  wait_for_byte(asked);
  must(write(ready, "", 1) == 1, "write");  // On return from here the program has gone on, and stopped.
  if (keeper != 0) kill(keeper, SIGTERM);
  kill(getppid(), SIGKILL);
  _exit(0);
}

int main(int argc, char** argv) {
  must(argc == 3 || argc == 4, "WAY WHEN [leaving]");
  const pid_t keeper = getppid();
  int ask[2];
  int ready[2];
  must(pipe(ask) == 0 && pipe(ready) == 0, "pipe");
  const pid_t killer = fork();
  must(killer >= 0, "fork");
  if (killer == 0) kill_parent(ask[0], ready[1], argc == 4 ? keeper : 0);
  close(ready[1]);
  be(SCHED_FIFO | (strcmp(argv[2], "later") == 0 ? SCHED_RESET_ON_FORK : 0), 3);
  must(write(ask[1], "", 1) == 1, "write");
  wait_for_byte(ready[0]);
  const pid_t pid = strcmp(argv[1], "vfork") == 0 ? vfork() : fork();
  must(pid == 0, "killed in time");
  for (int i = 0; i < 3; ++i) free(kept = malloc(7002));
  say("child done");
  _exit(0);
}
