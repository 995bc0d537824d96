// A loop of cheap system calls: getppid, COUNT times.
//
// usage: loop COUNT [MARK]
// With MARK it writes a byte to descriptor 3 after MARK calls and after all of them, and each time waits for
// one from descriptor 4, so that whoever holds the other ends can look at the world in between.
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void meet(void) {
  char byte = 0;
  if (write(3, &byte, 1) != 1 || read(4, &byte, 1) != 1) _exit(1);
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const long count = atol(argv[1]);
  const long mark = argc > 2 ? atol(argv[2]) : -1;
  for (long i = 0; i < count; ++i) {
    if (i == mark) meet();
    syscall(SYS_getppid);
  }
  if (mark >= 0) meet();
  return 0;
}
