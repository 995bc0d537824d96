// Built as a 32-bit program: its calls are those of the 32-bit table, through the vDSO's entry and int 0x80.
#include <linux/sched.h>

#include "target.h"

// Hidden from the tracer of its parent, if that does not see to it.
static void make_untraced(void) {
  pid_t pid = (pid_t)syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) {
    mark(3);
    _exit(3);
  }
  must(status_of(pid, 0) == 3, "clone");
  struct clone_args arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.flags = CLONE_UNTRACED;
  arguments.exit_signal = SIGCHLD;
  pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) {
    mark(4);
    _exit(4);
  }
  must(status_of(pid, 0) == 4, "clone3");
  must(arguments.flags == CLONE_UNTRACED, "flags as they were");
}

int main(void) {
  say("ready %d", getpid());
  hear();
  mark(1);
  const pid_t pid = fork();
  if (pid == 0) {
    mark(2);
    _exit(6);
  }
  must(status_of(pid, 0) == 6, "child");
  make_untraced();
  const int fd = open("/dev/null", O_RDWR);
  must(fd >= 0 && write(fd, "from 32 bits", 12) == 12, "write");
  say("done");
  return 0;
}
