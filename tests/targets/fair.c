// Noisy threads make calls as fast as they can while a quiet one makes a thousand: it must get its turn.
#include <stdatomic.h>

#include "target.h"

static atomic_int stop;

static void* noise(void* argument) {
  while (!atomic_load(&stop)) syscall(SYS_getppid);
  return argument;
}

int main(int argc, char** argv) {
  const int noisy = argc > 1 ? atoi(argv[1]) : 3;
  pthread_t threads[16];
  say("ready %d", getpid());
  hear();
  for (int i = 0; i < noisy; ++i) must(pthread_create(&threads[i], NULL, noise, NULL) == 0, "pthread_create");
  for (int i = 0; i < 1000; ++i) mark(1);
  atomic_store(&stop, 1);
  for (int i = 0; i < noisy; ++i) pthread_join(threads[i], NULL);
  say("done");
  return 0;
}
