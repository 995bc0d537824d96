// Blocks that a loaded library alone has: they are lost with it. Arguments: libholding.so, and kept or
// closed.
#include <dlfcn.h>

#include "shape.h"

static void* library;
static const char* kind;

static void make(void) {
  void (*hold)(void*) = (void (*)(void*))(uintptr_t)dlsym(library, "hold");
  void (*by_thread)(void*) = (void (*)(void*))(uintptr_t)dlsym(library, "hold_by_thread");
  must(hold != NULL && by_thread != NULL, "dlsym");
  hold(told(1101, kind));
  by_thread(told(1201, "reachable"));
}

int main(int argc, char** argv) {
  must(argc >= 3, "arguments");
  const int closes = strcmp(argv[2], "closed") == 0;
  kind = closes ? "definite" : "reachable";
  library = dlopen(argv[1], RTLD_NOW);
  must(library != NULL, "dlopen");
  deep_below(make);
  if (closes) must(dlclose(library) == 0, "dlclose");
  all_told(argc, argv);
}
