// Makes a heap of glibc's of every kind of block, and says which blocks are in use: all of them, libc's own
// too, since every call of malloc and its kin in the process comes through here.
//
//   heap_blocks SEED THREADS [brk | sbrk]
//
// brk: memory behind the heap is taken, so that malloc must go on with mappings. sbrk: the program takes
// memory from brk itself. On standard output "block ADDRESS USABLE" each, "stack ADDRESS" (of a live thread)
// and "ended ADDRESS" (of one that has ended), "mallinfo NAME VALUE", and "ready"; then it waits for standard
// input to end.
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#include "target.h"

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* block, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void* block);

enum { slots = 1 << 18, kept_by_thread = 4000, most_threads = 64 };
static void* known[slots];
static atomic_flag lock = ATOMIC_FLAG_INIT;
static void* const removed = (void*)1;

static size_t slot_of(const void* block) { return (uintptr_t)block / 16 * 0x9E3779B97F4A7C15u >> 46; }

static void* added(void* block) {
  if (block == NULL) return block;
  while (atomic_flag_test_and_set(&lock)) continue;
  size_t at = slot_of(block);
  while (known[at] != NULL && known[at] != removed) at = (at + 1) % slots;
  known[at] = block;
  atomic_flag_clear(&lock);
  return block;
}

static void* taken(void* block) {
  if (block == NULL) return block;
  while (atomic_flag_test_and_set(&lock)) continue;
  size_t at = slot_of(block);
  while (known[at] != NULL && known[at] != block) at = (at + 1) % slots;
  if (known[at] == block) known[at] = removed;
  atomic_flag_clear(&lock);
  return block;
}

void* malloc(size_t size) { return added(__libc_malloc(size)); }
void* calloc(size_t count, size_t size) { return added(__libc_calloc(count, size)); }
void* realloc(void* block, size_t size) { return added(__libc_realloc(taken(block), size)); }
void free(void* block) { __libc_free(taken(block)); }
void* memalign(size_t alignment, size_t size) { return added(__libc_memalign(alignment, size)); }
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void** into, size_t alignment, size_t size) {
  *into = memalign(alignment, size);
  return *into == NULL ? ENOMEM : 0;
}

static uint64_t next_random(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state >> 16;
}

static size_t random_size(uint64_t* state) {
  switch (next_random(state) % 64) {
    case 0:
      return next_random(state) % (2 << 20);  // Often a mapping of its own.
    case 1:
    case 2:
    case 3:
      return next_random(state) % (40 << 10);
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
      return next_random(state) % 2000;
    case 10:
      return 0x280;  // As large as a thread's cache.
    default:
      return next_random(state) % 200;
  }
}

static void* random_block(uint64_t* state) {
  const size_t size = random_size(state);
  switch (next_random(state) % 16) {
    case 0:
      return memalign((size_t)32 << next_random(state) % 10, size);
    case 1:
      return calloc(1, size);
    default:
      return malloc(size);
  }
}

// Blocks come and go, in order and out of order, until some thousands remain.
static void churn(uint64_t seed) {
  static void* all_kept[most_threads][kept_by_thread];
  static atomic_int users;
  void** kept = all_kept[atomic_fetch_add(&users, 1)];
  uint64_t state = seed * 2654435761u + 88172645463325252u;
  for (int i = 0; i < 10 * kept_by_thread; ++i) {
    const size_t at = next_random(&state) % kept_by_thread;
    if (kept[at] != NULL && next_random(&state) % 8 == 0) {
      kept[at] = realloc(kept[at], random_size(&state) + 1);
    } else {
      free(kept[at]);
      kept[at] = random_block(&state);
    }
  }
  for (int i = 0; i < kept_by_thread; ++i) {
    if (next_random(&state) % 3 != 0) {
      free(kept[i]);
      kept[i] = NULL;
    }
  }
}

static pthread_barrier_t all_done;
static uint64_t seed;

static void* live_thread(void* number) {
  churn(seed * 100 + (uintptr_t)number);
  say("stack %p", (void*)&number);
  pthread_barrier_wait(&all_done);
  pause();
  return NULL;
}

static void* ending_thread(void* number) {
  churn(seed * 100 + 50 + (uintptr_t)number);
  say("ended %p", (void*)&number);
  pthread_barrier_wait(&all_done);
  return NULL;
}

static void run_threads(unsigned count) {
  pthread_t thread;
  pthread_t ending[2];
  if (count == 0) return;
  pthread_barrier_init(&all_done, NULL, count + 3);
  for (uintptr_t i = 0; i < 2; ++i) pthread_create(&ending[i], NULL, ending_thread, (void*)i);
  for (uintptr_t i = 0; i < count; ++i) pthread_create(&thread, NULL, live_thread, (void*)i);
  pthread_barrier_wait(&all_done);
  for (int i = 0; i < 2; ++i) pthread_join(ending[i], NULL);
}

static void tell(void) {
  const struct mallinfo2 info = mallinfo2();
  say("mallinfo arena %zu", info.arena);
  say("mallinfo smblks %zu", info.smblks);
  say("mallinfo fsmblks %zu", info.fsmblks);
  say("mallinfo hblks %zu", info.hblks);
  say("mallinfo hblkhd %zu", info.hblkhd);
  say("mallinfo fordblks %zu", info.fordblks);
  for (size_t i = 0; i < slots; ++i) {
    if (known[i] != NULL && known[i] != removed) say("block %p %zu", known[i], malloc_usable_size(known[i]));
  }
}

int main(int count, char** arguments) {
  seed = count > 1 ? strtoull(arguments[1], NULL, 10) : 1;
  const unsigned threads = count > 2 ? (unsigned)strtoul(arguments[2], NULL, 10) : 4;
  const char* how = count > 3 ? arguments[3] : "";
  churn(seed);
  if (strcmp(how, "brk") == 0) {
    void* const behind = (void*)(((uintptr_t)sbrk(0) + 4095) & ~(uintptr_t)4095);
    if (mmap(behind, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
      return 1;
  }
  for (int i = 0; i < 4; ++i) {
    if (strcmp(how, "sbrk") == 0) memset(sbrk(10000 + 16 * i), 0x41, 10000);
    churn(seed + 1000 + (uint64_t)i);
  }
  run_threads(threads);
  tell();
  say("ready");
  char byte;
  while (read(0, &byte, 1) > 0) continue;
  return 0;
}
