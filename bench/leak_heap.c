// A heap of many small blocks, for those who look for leaks in it:
//
//   leak_heap BLOCKS BYTES ordered|shuffled FREED [wait]
//
// BLOCKS blocks of BYTES bytes in a thousand lists, of which one in eight is lost, linked in the order of
// allocation or in none. FREED more, between the others, are released again in a random order. wait: says
// "ready" then, and waits for standard input to end. Else the program ends, and an -fsanitize=leak build
// looks for what is lost.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { lists = 1000 };
void* heads[lists];  // Not static: what nobody reads would not be written.

static uint64_t next_random(void) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

// Not from malloc: nothing may lead to the blocks but the lists.
static void** room_for(size_t count) {
  void* room =
      mmap(NULL, count * sizeof(void*) + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) exit(1);
  return room;
}
static void give_back(void** room, size_t count) { munmap(room, count * sizeof(void*) + 1); }

static void shuffle(void** blocks, size_t count) {
  for (size_t i = count; i > 1; --i) {
    const size_t other = next_random() % i;
    void* const block = blocks[i - 1];
    blocks[i - 1] = blocks[other];
    blocks[other] = block;
  }
}

static void link_up(void** blocks, size_t count) {
  const size_t each = count / lists + 1;
  for (size_t i = 0; i < count; ++i) {
    const size_t list = i / each;
    void* const next = i + 1 < count && (i + 1) / each == list ? blocks[i + 1] : NULL;
    memcpy(blocks[i], &next, sizeof next);
    if (i % each == 0 && list % 8 != 7) heads[list] = blocks[i];
  }
}

static void* new_block(size_t bytes) {
  void* const block = malloc(bytes);
  if (block == NULL) exit(1);
  return memset(block, 1, bytes);
}

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  const size_t count = strtoull(argv[1], NULL, 10);
  const size_t bytes = strtoull(argv[2], NULL, 10);
  const size_t freed = strtoull(argv[4], NULL, 10);
  if (bytes < sizeof(void*)) return 2;
  void** blocks = room_for(count);
  void** others = room_for(freed);
  for (size_t i = 0, j = 0; i < count || j < freed;) {
    if (i < count) blocks[i] = new_block(bytes), ++i;
    if (j < freed) others[j] = new_block(bytes), ++j;
  }
  if (strcmp(argv[3], "shuffled") == 0) shuffle(blocks, count);
  link_up(blocks, count);
  shuffle(others, freed);
  for (size_t j = 0; j < freed; ++j) free(others[j]);
  give_back(blocks, count);
  give_back(others, freed);
  if (argc > 5) {
    // No buffer of standard output: taking that would make malloc join what was freed.
    if (write(1, "ready\n", 6) != 6) return 1;
    pause();
  }
  return 0;
}
