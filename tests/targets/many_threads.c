// N threads that live at the same time; each makes a call of its own before and after all have met.
#include "target.h"

static pthread_barrier_t met;

static void* work(void* argument) {
  mark(1);
  pthread_barrier_wait(&met);
  mark(2);
  return argument;
}

int main(int argc, char** argv) {
  const int n = argc > 1 ? atoi(argv[1]) : 1000;
  pthread_t* threads = calloc((size_t)n, sizeof *threads);
  must(pthread_barrier_init(&met, NULL, (unsigned)n + 1) == 0, "barrier");
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 << 10);
  for (int i = 0; i < n; ++i)
    must(pthread_create(&threads[i], &attributes, work, NULL) == 0, "pthread_create");
  say("ready %d", getpid());
  hear();
  pthread_barrier_wait(&met);
  for (int i = 0; i < n; ++i) pthread_join(threads[i], NULL);
  say("done %d", n);
  return 0;
}
