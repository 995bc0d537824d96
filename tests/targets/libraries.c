// Loads a library ten times and unloads it again; its constructor and a function of it allocate 4711 bytes
// each. Says when it is done.
#include <dlfcn.h>

#include "target.h"

int main(void) {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path - 32);
  must(size > 0, "readlink");
  path[size] = '\0';
  strcpy(strrchr(path, '/') + 1, "liballocating.so");
  for (int i = 0; i < 10; ++i) {
    void* const library = dlopen(path, RTLD_NOW);
    must(library != NULL, "dlopen");
    void (*function)(void) = (void (*)(void))dlsym(library, "allocate");
    must(function != NULL, "dlsym");
    function();
    must(dlclose(library) == 0, "dlclose");
  }
  say("done");
  return 0;
}
