// A thread ends the process while the first one allocates without a pause: that one may be at any of its
// stops then. It holds a block on its stack alone.
#include "target.h"

static void* ender(void* unused) {
  (void)unused;
  hear();
  _exit(0);
}

int main(void) {
  pthread_t thread;
  must(pthread_create(&thread, NULL, ender, NULL) == 0, "pthread_create");
  void* volatile held = malloc(1234);
  say("ready %d", getpid());
  for (;;) {
    void* volatile block = malloc(32);
    free(block);
    if (held == NULL) return 1;
  }
}
