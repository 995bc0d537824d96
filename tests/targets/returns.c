// Calls calloc from very many places, for memory that was in use before: glibc leaves calloc by a jump to
// memset then, so that each of these places is where a call ends.
#include "target.h"

#define CALL(number)                      \
  {                                       \
    const size_t size = 2000 + (number);  \
    memset(dirty, 1, sizeof dirty);       \
    char* block = malloc(size);           \
    memcpy(block, dirty, size);           \
    free(block);                          \
    block = calloc(1, size);              \
    must(block[size / 2] == 0, "calloc"); \
    free(block);                          \
  }
#define CALLS_4(n) CALL(n) CALL((n) + 1) CALL((n) + 2) CALL((n) + 3)
#define CALLS_16(n) CALLS_4(n) CALLS_4((n) + 4) CALLS_4((n) + 8) CALLS_4((n) + 12)
#define CALLS_64(n) CALLS_16(n) CALLS_16((n) + 16) CALLS_16((n) + 32) CALLS_16((n) + 48)

// Functions with room between them, more than there is behind the last.
#define FUNCTION(n)                                                     \
  __attribute__((noinline, aligned(4096))) static void from_##n(void) { \
    static char dirty[8192];                                            \
    CALLS_64(64 * n)                                                    \
  }
#define FOUR(EACH, a, b, c, d) EACH(a) EACH(b) EACH(c) EACH(d)
FOUR(FUNCTION, 0, 1, 2, 3)
FOUR(FUNCTION, 4, 5, 6, 7)
FOUR(FUNCTION, 8, 9, 10, 11)
FOUR(FUNCTION, 12, 13, 14, 15)

#define CALL_OF(n) from_##n();

int main(void) {
  FOUR(CALL_OF, 0, 1, 2, 3)
  FOUR(CALL_OF, 4, 5, 6, 7)
  FOUR(CALL_OF, 8, 9, 10, 11)
  FOUR(CALL_OF, 12, 13, 14, 15)
  say("done");
  return 0;
}
