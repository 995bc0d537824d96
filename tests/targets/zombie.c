// Has a child that has ended and is not reaped.
#include "target.h"

int main(void) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info;
  must(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0, "waitid");
  say("ready %d", child);
  hear();
  return 0;
}
