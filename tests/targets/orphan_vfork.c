// The child of a vfork outlives its parent, which is killed while it sleeps for it, and goes on allocating in
// their memory. Each says what it is about to do.
#include "target.h"

static void* volatile kept;

int main(void) {
  say("ready %d", getpid());
  hear();
  if (vfork() == 0) {
    for (int i = 0; i < 100; ++i) free(kept = malloc(1000));
    kill(getppid(), SIGKILL);
    hear();
    for (int i = 0; i < 100; ++i) free(kept = malloc(2000));
    say("child done");
    _exit(0);
  }
  return 0;
}
