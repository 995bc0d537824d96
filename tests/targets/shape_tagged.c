// Pointers that are not plain: with a tag in their low bits they lead into the block, with one in their high
// bits, halved, or at an address that is no word's, nowhere.
#include "shape.h"

static uintptr_t volatile kept[4];
static struct {
  char one;
  void* pointer;
} __attribute__((packed)) volatile packed;

static void make(void) {
  kept[0] = (uintptr_t)told(1101, "possible") | 1;
  kept[1] = (uintptr_t)told(1201, "definite") | (uintptr_t)1 << 60;
  kept[2] = (uintptr_t)told(1301, "definite") >> 1;
  packed.pointer = told(1401, "definite");
  kept[3] = (uintptr_t)told(1512, "definite") + 1512;  // Its end, also as malloc rounds up.
}

int main(int argc, char** argv) {
  deep_below(make);
  all_told(argc, argv);
}
