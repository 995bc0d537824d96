// Creates threads one after the other, and from two threads at once, until told to stop: what an attach must
// keep up with. After the line "all" each thread that begins marks itself; none may be missing from the
// trace.
#include <stdatomic.h>

#include "target.h"

static atomic_int stop;
static atomic_int marking;
static atomic_long marked;

static void* short_life(void* argument) {
  if (atomic_load(&marking)) {
    mark(1);
    atomic_fetch_add(&marked, 1);
  }
  return argument;
}

static void* creator(void* argument) {
  while (!atomic_load(&stop)) {
    pthread_t threads[4];
    for (int i = 0; i < 4; ++i)
      must(pthread_create(&threads[i], NULL, short_life, NULL) == 0, "pthread_create");
    for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  }
  return argument;
}

int main(void) {
  pthread_t creators[2];
  for (int i = 0; i < 2; ++i) must(pthread_create(&creators[i], NULL, creator, NULL) == 0, "pthread_create");
  say("ready %d", getpid());
  hear();
  mark(2);
  atomic_store(&marking, 1);
  while (atomic_load(&marked) < 40) sched_yield();
  atomic_store(&stop, 1);
  for (int i = 0; i < 2; ++i) pthread_join(creators[i], NULL);
  say("done %ld", atomic_load(&marked));
  return 0;
}
