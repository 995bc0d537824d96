// A thread that is not the leader executes another program, while the leader and others are inside calls. The
// new program says under which pid it runs: the same as before. It does so as many times as it is told, or,
// told a negative number, until the test has sent a line.
#include <poll.h>

#include "target.h"

static char* own_path;
static int rounds;
static pid_t pid_before;

static void* wait_forever(void* argument) {
  int channel[2];
  must(pipe(channel) == 0, "pipe");
  char c;
  return read(channel[0], &c, 1) == 0 ? argument : NULL;
}

static void* spin(void* argument) {
  for (;;) syscall(SYS_getppid);
  return argument;
}

static void* execute(void* argument) {
  char left[16];
  char before[16];
  snprintf(left, sizeof left, "%d", rounds - 1);
  snprintf(before, sizeof before, "%d", pid_before);
  if (rounds > 0) say("exec from %d", own_tid());  // Nobody may be reading what is told for ever.
  char* const arguments[] = {own_path, left, before, NULL};
  execv(own_path, arguments);
  must(0, "execv");
  return argument;
}

int main(int argc, char** argv) {
  own_path = argv[0];
  rounds = argc > 1 ? atoi(argv[1]) : 1;
  pid_before = argc > 2 ? atoi(argv[2]) : getpid();
  must(pid_before == getpid(), "same pid");
  struct pollfd line = {STDIN_FILENO, POLLIN, 0};
  if (rounds < 0 && poll(&line, 1, 0) == 1) rounds = 0;
  mark(rounds);
  if (rounds == 0) {
    say("done");
    return 5;
  }
  pthread_t thread;
  must(pthread_create(&thread, NULL, wait_forever, NULL) == 0, "pthread_create");
  must(pthread_create(&thread, NULL, spin, NULL) == 0, "pthread_create");
  must(pthread_create(&thread, NULL, execute, NULL) == 0, "pthread_create");
  pthread_join(thread, NULL);
  return 0;
}
