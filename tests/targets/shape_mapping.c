// Pointers in mappings of the program's own alone: of each kind, and beside those of malloc's, with which the
// kernel joins them.
#include <sys/mman.h>

#include "shape.h"

enum { bytes = 64 << 10, large = 1 << 20 };

static void* volatile kept[8];

static void** mapped(int flags, int fd) {
  void** ring = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
  must(ring != MAP_FAILED, "mmap");
  return ring;
}

static void** in_a_file(int flags) {
  int fd = memfd_create("ring", 0);
  must(fd >= 0 && ftruncate(fd, bytes) == 0, "memfd_create");
  void** ring = mapped(flags, fd);
  close(fd);
  return ring;
}

static void make(void) {
  enum { anonymous = MAP_PRIVATE | MAP_ANONYMOUS };
  mapped(anonymous, -1)[600] = told(1101, "reachable");
  mapped(MAP_SHARED | MAP_ANONYMOUS, -1)[700] = told(1201, "reachable");
  in_a_file(MAP_SHARED)[800] = told(1301, "reachable");
  in_a_file(MAP_PRIVATE)[900] = told(1401, "reachable");
  void** sealed = mapped(anonymous, -1);
  sealed[1000] = told(1501, "reachable");
  must(mprotect(sealed, bytes, PROT_READ) == 0, "mprotect");
  void** gone = mapped(anonymous, -1);
  gone[1100] = told(1601, "definite");
  must(munmap(gone, bytes) == 0, "munmap");
  // The kernel places them one below the other.
  kept[0] = told(large, "reachable");
  mapped(anonymous, -1)[1200] = told(1701, "reachable");
  kept[1] = told(large + 1, "reachable");
  mapped(anonymous, -1)[0] = told(1801, "reachable");
  told(large + 2, "definite");
}

int main(int argc, char** argv) {
  deep_below(make);
  all_told(argc, argv);
}
