// A pool of its own, whose functions are chosen at run time, and what it did: one line a call. Built as a
// whole, or with PART_POOL and PART_PROGRAM as a library and a program. With an argument it waits for the
// test between two calls.
#include <stddef.h>
#include <stdint.h>

void* pool_alloc(size_t size);
void pool_free(void* block);

#ifndef PART_PROGRAM
static char chunk[65536];
static size_t used;

// Larger than one instruction, so that the two that are not chosen would be no harmless choice.
__attribute__((noinline)) static void* alloc_fast(size_t size) {
  char* const block = chunk + used;
  used += (size + 15) & ~(size_t)15;
  return used > sizeof chunk ? NULL : block;
}
__attribute__((noinline)) static void* alloc_slow(size_t size) {
  volatile char* const block = alloc_fast(size);
  if (block != NULL) *block = 0;
  return (void*)(uintptr_t)block;
}
__attribute__((noinline)) static void free_fast(void* block) { *(volatile char*)block = 1; }
__attribute__((noinline)) static void free_slow(void* block) { *(volatile char*)block = 2; }

typedef void* allocate(size_t);
typedef void release(void*);

static int is_fast(void) {
  unsigned a = 0, b, c, d;
  __asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
  return a != 0;
}
static allocate* choose_alloc(void) { return is_fast() ? alloc_fast : alloc_slow; }
static release* choose_free(void) { return is_fast() ? free_fast : free_slow; }

void* pool_alloc(size_t size) __attribute__((ifunc("choose_alloc")));
void pool_free(void* block) __attribute__((ifunc("choose_free")));
#endif

#ifndef PART_POOL
#include "target.h"

int main(int argc, char** argv) {
  (void)argv;
  say("ready %d", (int)getpid());
  void* first = pool_alloc(8);
  say("pool_alloc 8 %#zx", (size_t)first);
  if (argc > 1) hear();
  for (size_t i = 1; i < 5; ++i) {
    void* const block = pool_alloc(10 * i);
    say("pool_alloc %zu %#zx", 10 * i, (size_t)block);
    pool_free(block);
    say("free %#zx", (size_t)block);
  }
  return 0;
}
#endif
