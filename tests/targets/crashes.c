// Dies in the way that its argument names, with threads beside it. The last line says what a right report
// must know.
#include "target.h"

#undef NDEBUG
#include <assert.h>
#include <sys/mman.h>

#define FRAME __attribute__((noinline, noclone))

static volatile int zero;
static const int constant = 7;

FRAME static int read_through(volatile int* p) { return p[0] + 1; }
FRAME static void write_through(volatile int* p) { p[0] = 1; }

FRAME static int recurse(volatile int depth) {
  volatile char room[4096];
  room[0] = (char)depth;
  return depth < 0 ? 0 : recurse(depth + 1) + room[0];
}

FRAME static void call(void* p) {
  ((void (*)(void))p)();
  zero = 0;
}

static int channel[2];

FRAME static void* waits(void* argument) {
  char c;
  return read(channel[0], &c, 1) == 0 ? argument : NULL;
}

FRAME static void die(const char* how) {
  if (strcmp(how, "null") == 0) read_through(NULL);
  if (strcmp(how, "offset") == 0) read_through((int*)0x18);
  if (strcmp(how, "wild") == 0) write_through((int*)0x100000000018);
  if (strcmp(how, "noncanonical") == 0) read_through((int*)0x8000000000000018);
  if (strcmp(how, "constant") == 0) write_through((int*)&constant);
  if (strcmp(how, "data") == 0) call(malloc(64));
  if (strcmp(how, "jump") == 0) call((void*)0x40);
  if (strcmp(how, "overflow") == 0) recurse(0);
  if (strcmp(how, "divide") == 0) zero = constant / zero;
  if (strcmp(how, "trap") == 0) __builtin_trap();
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "assert") == 0) assert(how == NULL);
  if (strcmp(how, "bus") == 0) {
    FILE* file = tmpfile();
    must(file != NULL, "tmpfile");
    read_through(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0));
  }
  if (strcmp(how, "breakpoint") == 0) __asm__ volatile("int3");
  must(0, "to die");
}

int main(int argc, char** argv) {
  must(argc == 2 && pipe(channel) == 0, "pipe");
  pthread_t thread;
  must(pthread_create(&thread, NULL, waits, NULL) == 0, "pthread_create");
  say("ready %d", getpid());
  hear();
  die(argv[1]);
  return 0;
}
