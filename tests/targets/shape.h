// What the targets share that lose and keep blocks of one shape each, in C and in C++. Each block has a size
// that no other has, and is told with what the right answer is: "block PID ADDRESS SIZE USABLE CLASS", of
// which USABLE is what malloc made of the size. A target ends by a return from main; with an argument "wait"
// it waits before, to be looked at.
#pragma once

#include <malloc.h>
#include <stdint.h>

#include "target.h"

static inline void tell(const void* block, size_t size, const char* kind) {
  say("block %d %#lx %zu %zu %s", getpid(), (unsigned long)(uintptr_t)block, size,
      malloc_usable_size((void*)(uintptr_t)block), kind);
}

static inline void* told(size_t size, const char* kind) {
  void* block = malloc(size);
  memset(block, 0, size);
  tell(block, size, kind);
  return block;
}

// What is made there leaves its addresses so deep below that no later frame has them by chance.
__attribute__((noinline, unused)) static void deep_below(void (*make)(void)) {
  enum { depth = 256 << 10 };
  char between[depth];
  __asm__ volatile("" : : "r"(between));
  make();
  __asm__ volatile("" : : "r"(between));  // No tail call: the frame stays.
}

static inline void all_told(int argc, char** argv) {
  say("all %d", getpid());
  if (argc > 1 && strcmp(argv[argc - 1], "wait") == 0) hear();
}
