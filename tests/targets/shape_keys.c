// Values of threads' keys (pthread_setspecific): those of the first keys are in the thread's descriptor,
// those of others in a block of the thread's.
#include "shape.h"

enum { keys = 40 };

static pthread_key_t key[keys];
static int ends[2];

static void make(void) {
  pthread_setspecific(key[1], told(1101, "reachable"));
  pthread_setspecific(key[keys - 1], told(1201, "reachable"));
}

static void make_more(void) {
  pthread_setspecific(key[1], told(1301, "reachable"));
  pthread_setspecific(key[keys - 1], told(1401, "reachable"));
}

static void* body(void* unused) {
  deep_below(make_more);
  must(write(ends[1], "", 1) == 1, "write");
  for (;;) pause();
  return unused;
}

int main(int argc, char** argv) {
  for (int i = 0; i < keys; ++i) must(pthread_key_create(&key[i], NULL) == 0, "pthread_key_create");
  deep_below(make);
  pthread_t thread;
  char byte;
  must(pipe(ends) == 0 && pthread_create(&thread, NULL, body, NULL) == 0, "pthread_create");
  must(read(ends[0], &byte, 1) == 1, "read");
  all_told(argc, argv);
}
