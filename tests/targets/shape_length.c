// Blocks that the program has by the address behind their first word, which says how many bytes follow.
#include "shape.h"

static void* volatile kept[24];

static char* behind_length(size_t size, size_t length, const char* kind) {
  char* block = told(size, kind);
  memcpy(block, &length, sizeof length);
  return block + sizeof length;
}

static void make(void) {
  // Each rest that malloc rounds up. A prime length: it is no number of elements either.
  for (size_t i = 0; i < 16; ++i) kept[i] = behind_length(1101 + i, 1093 + i, "reachable");
  kept[16] = behind_length(1201, 1301, "possible");
  kept[17] = behind_length(1301, 1293, "possible") + 8;
  behind_length(1401, 1393, "definite");
}

int main(int argc, char** argv) {
  deep_below(make);
  all_told(argc, argv);
}
