// Calls of the 32-bit table made by 64-bit code.
#include "target.h"

static long int80(long nr, long a, long b) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b) : "memory", "r8", "r9", "r10", "r11");
  return (int)result;
}

int main(void) {
  must(int80(20, 0, 0) == getpid(), "getpid");  // 20 is getpid in the 32-bit table, writev in the 64-bit one.
  say("close %ld", int80(6, 9001, 0));          // 6 is close there, lstat here.
  say("done");
  return 0;
}
