// A child that loses what its parent keeps, and has a block of its own. The parent ends after it.
#include "shape.h"

static void* volatile kept[3];
static const uintptr_t mask = 0x5555555555555555;
static uintptr_t volatile hidden;

static void make(void) {
  kept[0] = malloc(1101);
  kept[1] = malloc(1201);
  hidden = (uintptr_t)malloc(1301) ^ mask;
}

static void tell_kept(const char* kind) {
  tell((const void*)(hidden ^ mask), 1301, "definite");
  tell(kept[0], 1101, kind);
  tell(kept[1], 1201, "reachable");
}

static void of_child(void) {
  tell_kept("definite");
  kept[0] = NULL;
  kept[2] = told(1401, "reachable");
  told(1501, "definite");
}

static void of_parent(void) { tell_kept("reachable"); }

int main(int argc, char** argv) {
  deep_below(make);
  const pid_t child = fork();
  must(child >= 0, "fork");
  if (child == 0) {
    deep_below(of_child);
    all_told(argc, argv);
    return 0;
  }
  must(status_of(child, 0) == 0, "child");
  deep_below(of_parent);
  all_told(argc, argv);
}
