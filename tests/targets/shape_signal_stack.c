// The main thread in a handler, on a stack of its own (sigaltstack) that the kernel has joined with other
// mappings: those of its storage above, and the program's below.
#include <sys/mman.h>

#include "shape.h"

enum { bytes = 64 << 10 };

static int count;
static char** arguments;
static void* stack;

static void** mapped(void) {
  void** mapping = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(mapping != MAP_FAILED, "mmap");
  return mapping;
}

static void make(void) {
  stack = mapped();
  mapped()[100] = told(1101, "reachable");
}

static void handler(int number) {
  void* volatile local = told(1201, "reachable");
  all_told(count, arguments);
  (void)local;
  (void)number;
  _exit(0);
}

int main(int argc, char** argv) {
  count = argc;
  arguments = argv;
  deep_below(make);
  const stack_t alternate = {.ss_sp = stack, .ss_size = bytes};
  must(sigaltstack(&alternate, NULL) == 0, "sigaltstack");
  const struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  must(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
  void* volatile local = told(1301, "reachable");
  raise(SIGUSR1);
  (void)local;
}
