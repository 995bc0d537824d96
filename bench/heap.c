// Allocates and releases a block so many times, 13 calls deep, as real programs do: heap COUNT.
#include <stdlib.h>

#ifndef STOP
#define STOP()  // Where sonde stops it; see stops.c.
#endif

static void* volatile kept;

// Not tail calls, and not inlined: each is a frame.
#define LEVEL(name, next)                                   \
  __attribute__((noinline)) static void name(size_t size) { \
    next(size);                                             \
    __asm__ volatile("");                                   \
  }

__attribute__((noinline)) static void pair(size_t size) {
  STOP();
  kept = malloc(size);
  STOP();
  STOP();
  free(kept);
}
LEVEL(f12, pair)
LEVEL(f11, f12)
LEVEL(f10, f11)
LEVEL(f9, f10)
LEVEL(f8, f9)
LEVEL(f7, f8)
LEVEL(f6, f7)
LEVEL(f5, f6)
LEVEL(f4, f5)
LEVEL(f3, f4)

int main(int argc, char** argv) {
  const long count = argc > 1 ? atol(argv[1]) : 1;
  for (long i = 0; i < count; ++i) f3(64);
  return 0;
}
