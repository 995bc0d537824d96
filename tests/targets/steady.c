// For each line N: makes N cheap calls and says so, until the end of its input.
#include "target.h"

int main(void) {
  say("ready %d", getpid());
  for (long left = 0;;) {
    char c;
    const ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n == 0) return 0;
    must(n == 1, "read");
    if (c != '\n') {
      left = 10 * left + (c - '0');
      continue;
    }
    while (left > 0) {
      syscall(SYS_getppid);
      --left;
    }
    say("made");
  }
}
