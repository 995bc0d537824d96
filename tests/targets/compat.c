// Built as a 32-bit program: its calls are those of the 32-bit table, through the vDSO's entry and int 0x80.
#include "target.h"

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
  const int fd = open("/dev/null", O_RDWR);
  must(fd >= 0 && write(fd, "from 32 bits", 12) == 12, "write");
  say("done");
  return 0;
}
