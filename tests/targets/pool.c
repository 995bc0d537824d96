// Allocates from a pool of its own, whose chunk comes from malloc, and says what: one line a call.
#include <stdint.h>

#include "target.h"

static char* chunk;
static size_t used;

__attribute__((noinline)) void* pool_alloc(int colour, size_t size);
__attribute__((noinline)) void pool_free(void* block);

void* pool_alloc(int colour, size_t size) {
  (void)colour;
  if (chunk == NULL) chunk = malloc(4096);
  char* const block = chunk + used;
  used += (size + 15) & ~(size_t)15;
  return block;
}

void pool_free(void* block) {
  if (block != chunk) return;
  free(chunk);
  chunk = NULL;
}

int main(void) {
  void* blocks[4];
  for (size_t i = 0; i < 4; ++i) {
    blocks[i] = pool_alloc(7, 10 * (i + 1));
    say("pool_alloc %zu %#zx", 10 * (i + 1), (size_t)blocks[i]);
  }
  for (size_t i = 4; i-- > 0;) {
    say("free %#zx", (size_t)blocks[i]);
    pool_free(blocks[i]);
  }
  return 0;
}
