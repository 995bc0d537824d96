// N short-lived children, some at the same time; the sum of their exit statuses must be right.
#include "target.h"

int main(int argc, char** argv) {
  const int n = argc > 1 ? atoi(argv[1]) : 500;
  long expected = 0;
  long sum = 0;
  int alive = 0;
  for (int i = 0; i < n; ++i) {
    const pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
      mark(1);
      _exit(i % 100);
    }
    expected += i % 100;
    if (++alive == 20) {
      sum += status_of(-1, 0);
      --alive;
    }
  }
  while (alive-- > 0) sum += status_of(-1, 0);
  must(sum == expected, "sum");
  say("done %d", n);
  return 7;
}
