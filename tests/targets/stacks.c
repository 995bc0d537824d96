// Marks from known stacks: through plain calls, a libc callback, a signal handler on an alternate stack, a
// thread, a deep recursion. The functions' names say what a right stack has, innermost first; none may be
// inlined or leave its frame by a tail call.
#include "target.h"

#define FRAME __attribute__((noinline, noclone))
#define STAY __asm__ volatile("" ::: "memory")

FRAME int inner(int n) {
  mark(n);
  STAY;
  return n;
}
FRAME int middle(int n) {
  int result = inner(n) + 1;
  STAY;
  return result;
}
FRAME int outer(int n) {
  int result = middle(n) + 1;
  STAY;
  return result;
}

FRAME int compare(const void* a, const void* b) {
  inner(2);
  STAY;
  return *(const int*)a - *(const int*)b;
}
FRAME void sorts(void) {
  int pair[2] = {2, 1};
  qsort(pair, 2, sizeof pair[0], compare);
  STAY;
}

FRAME void handler(int signal) {
  inner(3);
  (void)signal;
  STAY;
}
FRAME void raises(void) {
  stack_t stack = {.ss_sp = malloc(SIGSTKSZ + 65536), .ss_size = SIGSTKSZ + 65536};
  must(sigaltstack(&stack, NULL) == 0, "sigaltstack");
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  must(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
  raise(SIGUSR1);
  STAY;
}

FRAME void* threaded(void* argument) {
  outer(4);
  STAY;
  return argument;
}

FRAME void recurses(int depth) {
  if (depth == 0) {
    mark(5);
  } else {
    recurses(depth - 1);
  }
  STAY;
}

// Waits deep inside, for `sonde stack` to look.
FRAME void waits(void) {
  hear();
  STAY;
}

int main(void) {
  outer(1);
  sorts();
  raises();
  pthread_t thread;
  must(pthread_create(&thread, NULL, threaded, NULL) == 0, "pthread_create");
  pthread_join(thread, NULL);
  recurses(1000);
  say("ready %d", getpid());
  waits();
  say("done");
  return 0;
}
