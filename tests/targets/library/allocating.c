// A library with an allocator of its own name: operator new, as C++ programs have it, which hands on to
// malloc.
#include <stdlib.h>

void* allocate_here(size_t size) __asm__("_Znwm");
void* allocate_here(size_t size) { return malloc(size); }

static void* volatile kept;

__attribute__((constructor)) static void begin(void) {
  kept = allocate_here(4711);
  free(kept);
}

void allocate(void) {
  kept = allocate_here(4711);
  free(kept);
}
