// The main thread has ended and is a zombie; another goes on.
#include "target.h"

static void* go_on(void* argument) {
  say("ready %d", getpid());
  hear();
  mark(1);
  say("done");
  exit(8);
  return argument;
}

int main(void) {
  pthread_t thread;
  must(pthread_create(&thread, NULL, go_on, NULL) == 0, "pthread_create");
  pthread_exit(NULL);
}
