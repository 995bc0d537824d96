/* C for a reader of debug information: inlined and nested calls, a switch, several sections, unused
 * functions. */
#include "sample.h"

#include <stdio.h>
#include <string.h>

static inline __attribute__((always_inline)) int square(int x) { return x * x + puts("square"); }

static inline __attribute__((always_inline)) int twice_square(int x) { return square(x) + square(x + 1); }

static int kind(int x) {
  switch (x % 7) {
    case 0:
      return twice_square(x);
    case 1:
      return puts("one");
    case 2:
      return (int)strlen("two") + x;
    default:
      return x < 0 ? -1 : 1;
  }
}

__attribute__((section(".text.apart"))) int apart(int x) {
  for (int i = 0; i < 3; ++i) x += kind(x + i);
  return x;
}

int unused(int x) { return twice_square(x) + kind(x); }

int other_unit(int x) {
  if (__builtin_expect(x < 0, 0)) {
    fprintf(stderr, "negative %d\n", x);
    return apart(-x);
  }
  return twice_square(x) + kind(x) + apart(x);
}

#ifdef WITH_MAIN
int main(int argc, char** argv) {
  (void)argv;
  return shared_helper(argc);
}
#endif
