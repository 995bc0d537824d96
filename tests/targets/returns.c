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
#define FUNCTIONS(EACH)                                                                               \
  EACH(0)                                                                                             \
  EACH(1)                                                                                             \
  EACH(2) EACH(3) EACH(4) EACH(5) EACH(6) EACH(7) EACH(8) EACH(9) EACH(10) EACH(11) EACH(12) EACH(13) \
      EACH(14) EACH(15)
FUNCTIONS(FUNCTION)

int main(void) {
#define CALL_OF(n) from_##n();
  FUNCTIONS(CALL_OF)
  say("done");
  return 0;
}
