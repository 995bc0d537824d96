// A block that still has, where the program has not written yet, what an earlier one had there: a pointer.
// Nobody will read it, but that does not show in memory.
#include "shape.h"

enum { words = 30 };

static void* volatile kept;

static void make(void) {
  void* volatile* earlier = malloc(words * sizeof *earlier);
  earlier[words - 1] = told(1101, "definite");
  free((void*)earlier);
  kept = malloc(words * sizeof *earlier);
  tell(kept, words * sizeof *earlier, "reachable");
}

int main(int argc, char** argv) {
  deep_below(make);
  all_told(argc, argv);
}
