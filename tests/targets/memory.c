// Grows by 64 MiB, in a way that the test names, says so, and ends when the test has seen it.
#include <sys/mman.h>

#include "target.h"

enum { MIB = 1 << 20, SIZE = 64 * MIB, THREADS = 32 };

static void* map(int protection, int flags, int fd, size_t size) {
  void* const at = mmap(NULL, size, protection, flags, fd, 0);
  must(at != MAP_FAILED, "mmap");
  return at;
}

static pthread_barrier_t deep;
static pthread_barrier_t seen;

// Uses 2 MiB of its stack.
static void* thread(void* nothing) {
  volatile char block[2 * MIB];
  for (size_t i = 0; i < sizeof block; i += 4096) block[i] = 1;
  pthread_barrier_wait(&deep);
  pthread_barrier_wait(&seen);
  return nothing;
}

int main(int argc, char** argv) {
  const char* const how = argc > 1 ? argv[1] : "pool";
  const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
  pthread_t threads[THREADS];
  char name[] = "/tmp/sonde-memory-XXXXXX";
  say("ready %d", (int)getpid());
  hear();
  char* const copy = strdup(how);  // Also who does not allocate otherwise is in the report.
  must(copy != NULL, "strdup");
  if (strcmp(how, "pool") == 0) {
    memset(map(PROT_READ | PROT_WRITE, anonymous, -1, SIZE), 1, SIZE);
  } else if (strcmp(how, "brk") == 0) {
    char* const end = sbrk(SIZE);
    must(end != (char*)-1, "sbrk");
    memset(end, 1, SIZE);
  } else if (strcmp(how, "malloc") == 0) {
    for (int i = 0; i < 64; ++i) {
      char* const block = malloc(MIB);
      must(block != NULL, "malloc");
      memset(block, 1, MIB);
    }
  } else if (strcmp(how, "reserve") == 0) {
    map(PROT_READ | PROT_WRITE, anonymous | MAP_NORESERVE, -1, (size_t)64 * SIZE);
  } else if (strcmp(how, "file") == 0) {
    const int fd = mkstemp(name);
    must(fd >= 0 && unlink(name) == 0 && ftruncate(fd, SIZE) == 0, "a file");
    memset(map(PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, SIZE), 1, SIZE);
  } else if (strcmp(how, "threads") == 0) {
    pthread_barrier_init(&deep, NULL, THREADS + 1);
    pthread_barrier_init(&seen, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; ++i) must(pthread_create(&threads[i], NULL, thread, NULL) == 0, "a thread");
    pthread_barrier_wait(&deep);
  }
  say("grown");
  hear();
  if (strcmp(how, "threads") == 0) {
    pthread_barrier_wait(&seen);
    for (int i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
  }
  free(copy);
  return 0;
}
