// Coroutines with stacks of their own (ucontext): mapped ones and blocks, suspended with a pointer on them.
#include <sys/mman.h>
#include <ucontext.h>

#include "shape.h"

enum { stack_bytes = 50000 };

struct coroutine {
  ucontext_t context;
  char rest[64];
};

static struct coroutine* volatile on_mapping;
static struct coroutine* volatile on_block;
static struct coroutine* volatile suspending;
static ucontext_t maker;
static size_t size_of_local;
static const char* kind_of_local;

static void body(void) {
  void* volatile local = told(size_of_local, kind_of_local);
  swapcontext(&suspending->context, &maker);
  free(local);
}

// `own` is where the coroutine's registers are kept, which have the address of its stack.
static void start(struct coroutine* own, void* stack, size_t size, const char* kind) {
  suspending = own;
  size_of_local = size;
  kind_of_local = kind;
  getcontext(&own->context);
  own->context.uc_stack.ss_sp = stack;
  own->context.uc_stack.ss_size = stack_bytes;
  makecontext(&own->context, body, 0);
  swapcontext(&maker, &own->context);
  memset(&maker, 0, sizeof maker);
  suspending = NULL;
}

static void make(void) {
  void* mapping = mmap(NULL, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(mapping != MAP_FAILED, "mmap");
  on_mapping = told(sizeof *on_mapping + 1, "reachable");
  start(on_mapping, mapping, 1101, "reachable");
  on_block = told(sizeof *on_block + 2, "reachable");
  start(on_block, told(stack_bytes, "reachable"), 1201, "reachable");
  struct coroutine* lost = told(sizeof *lost + 3, "definite");
  start(lost, told(stack_bytes + 1, "indirect"), 1301, "indirect");
}

int main(int argc, char** argv) {
  deep_below(make);
  all_told(argc, argv);
}
