// A double fork: the program ends first, its child second, and the grandchild lives on with init as its
// parent.
#include "target.h"

int main(void) {
  int go[2];
  must(pipe(go) == 0, "pipe");
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      char c;
      close(go[1]);
      must(read(go[0], &c, 1) == 0, "read");  // Every ancestor is gone.
      mark(1);
      say("grandchild %d", getpid());
      hear();
      mark(2);
      say("grandchild ends");
      _exit(0);
    }
    mark(3);
    _exit(0);
  }
  mark(4);
  return 3;
}
