// Threads that run on stacks of their coroutines: the main thread on a block, another on a mapping. What they
// have on those and on their own is kept.
#include <sys/mman.h>
#include <ucontext.h>

#include "shape.h"

enum { stack_bytes = 100000 };

struct coroutine {
  ucontext_t own;
  ucontext_t caller;
  void* stack;
  void (*run)(void);
};

static struct coroutine of_main;
static struct coroutine of_thread;
static int ends[2];
static char** arguments;
static int count;

static void on_block(void) {
  void* volatile local = told(1101, "reachable");
  char byte;
  must(read(ends[0], &byte, 1) == 1, "read");
  all_told(count, arguments);
  (void)local;
  exit(0);
}

static void on_mapping(void) {
  void* volatile local = told(1201, "reachable");
  must(write(ends[1], "", 1) == 1, "write");
  for (;;) pause();
  (void)local;
}

static void run_on(struct coroutine* coroutine, size_t size) {
  void* volatile local = told(size, "reachable");
  getcontext(&coroutine->own);
  coroutine->own.uc_stack.ss_sp = coroutine->stack;
  coroutine->own.uc_stack.ss_size = stack_bytes;
  makecontext(&coroutine->own, coroutine->run, 0);
  swapcontext(&coroutine->caller, &coroutine->own);
  (void)local;
}

static void* body(void* unused) {
  run_on(&of_thread, 1301);
  return unused;
}

static void make(void) { of_main.stack = told(stack_bytes, "reachable"); }

// The kernel joins it with the coroutine's stack, below which it lies.
static void make_ring(void) {
  void** ring = mmap(NULL, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(ring != MAP_FAILED, "mmap");
  ring[100] = told(1501, "reachable");
}

int main(int argc, char** argv) {
  count = argc;
  arguments = argv;
  deep_below(make);
  of_main.run = on_block;
  of_thread.run = on_mapping;
  of_thread.stack = mmap(NULL, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  deep_below(make_ring);
  pthread_t thread;
  must(of_thread.stack != MAP_FAILED && pipe(ends) == 0, "mmap");
  must(pthread_create(&thread, NULL, body, NULL) == 0, "pthread_create");
  run_on(&of_main, 1401);
}
