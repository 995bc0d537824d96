// Allocates blocks whose contents are known, and waits: what is in them can be looked at.
#include <sys/mman.h>

#include "target.h"

static char* filled(size_t size, const char* text) {
  char* block = malloc(size);
  must(block != NULL, "malloc");
  memset(block, 0, size);
  strcpy(block, text);
  return block;
}

// "end": ends with its blocks in use.
int main(int argc, char** argv) {
  say("ready %d", getpid());
  hear();
  char* gone = filled(40, "given back before anybody looks");
  char* first = filled(40, "the oldest block\x1b[31m");
  char* second = filled(100, "another one");
  // A block of many pages, of which one cannot be read.
  char* large = filled(1 << 20, "large");
  char* page = (char*)(((size_t)large + 4095) & ~(size_t)4095);
  must(mprotect(page, 4096, PROT_NONE) == 0, "mprotect");
  free(gone);
  say("allocated %p %p %p", (void*)first, (void*)second, (void*)page);
  hear();
  if (argc == 2 && strcmp(argv[1], "end") == 0) {
    char* volatile untouched = malloc(2 << 20);
    return untouched == NULL;
  }
  must(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0, "mprotect");
  free(large);
  free(second);
  free(first);
  say("done");
  return 0;
}
