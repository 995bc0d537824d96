// The parent sleeps in vfork, where no tracer can stop it, until its child ends: a detach must not wait for
// that.
#include "target.h"

int main(void) {
  say("ready %d", getpid());
  hear();
  const pid_t pid = vfork();
  if (pid == 0) {
    static const char text[] = "in the child\n";
    if (write(STDOUT_FILENO, text, sizeof text - 1) < 0) _exit(1);
    char c;
    while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n') {
    }
    _exit(3);
  }
  say("child ended with %d", status_of(pid, 0));
  return 0;
}
