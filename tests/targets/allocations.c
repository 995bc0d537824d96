// Allocates in every way that the C library has, and says of each call what it was and what it gave: one line
// a call, as "function size address" or "free address". With "count THREADS ROUNDS" that many threads
// allocate at once, and it says only how often and how much; with "churn THREADS" they do so until there is a
// line to read.
#include <malloc.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdint.h>

#include "target.h"

static atomic_long calls;
static atomic_long bytes;
static atomic_bool enough;

static void handle(int signal, void (*handler)(int), int flags) {
  const struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  must(sigaction(signal, &action, NULL) == 0, "sigaction");
}

// What is not to be optimised away.
static void* volatile kept;
static volatile size_t huge = SIZE_MAX / 2;

static void* told(const char* function, size_t size, void* block) {
  say("%s %zu %#zx", function, size, (size_t)block);
  return kept = block;
}

static void release(void* block) {
  say("free %#zx", (size_t)block);
  free(block);
}

static void on_signal(int signal) {
  (void)signal;
  release(told("malloc", 51, malloc(51)));
}

// What alloca and longjmp leave behind must not matter.
static jmp_buf back;
static void leap(void) {
  told("malloc", 71, malloc(71));
  longjmp(back, 1);
}

static void every_function(int all) {
  void* block = told("malloc", 100, malloc(100));
  const size_t old = (size_t)block;
  block = realloc(block, 5000);
  say("realloc 5000 %#zx %#zx", (size_t)block, old);
  release(block);
  release(told("calloc", 21, calloc(3, 7)));
  release(told("calloc", 500000, calloc(5, 100000)));
  // From the top of the heap, which the kernel gave zeroed, and from a block that was used.
  void* used = malloc(40000);
  say("malloc 40000 %#zx", (size_t)used);
  memset(used, 1, 40000);
  void* guard = told("malloc", 10, malloc(10));
  release(used);
  release(told("calloc", 40000, calloc(1, 40000)));
  release(guard);
  kept = NULL;
  release(told("realloc", 30, realloc(kept, 30)));
  release(told("reallocarray", 60, reallocarray(NULL, 6, 10)));
  release(told("memalign", 128, memalign(64, 128)));
  release(told("memalign", 96, aligned_alloc(32, 96)));
  if (posix_memalign(&block, 128, 1000) == 0) release(told("posix_memalign", 1000, block));
  release(told("valloc", 10, valloc(10)));
  if (all) release(told("pvalloc", 20, pvalloc(20)));  // Not every allocator has it.
  release(told("malloc", 6, strdup("hello")));
  told("malloc", huge, malloc(huge));
  told("calloc", SIZE_MAX, calloc(huge, 4));
  free(NULL);
  told("malloc", 0, malloc(0));
}

static void surroundings(void) {
  if (setjmp(back) == 0) leap();
  release(told("malloc", 72, malloc(72)));
  handle(SIGUSR1, on_signal, 0);
  raise(SIGUSR1);
  char alternate[65536];
  const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, NULL);
  handle(SIGUSR2, on_signal, SA_ONSTACK);
  raise(SIGUSR2);
  const pid_t pid = fork();
  if (pid == 0) {
    release(told("malloc", 81, malloc(81)));
    _exit(0);
  }
  status_of(pid, 0);
  const pid_t sharing = vfork();
  if (sharing == 0) {
    execl("/bin/true", "true", (char*)NULL);
    _exit(1);
  }
  status_of(sharing, 0);
  release(told("malloc", 82, malloc(82)));
}

static void one_round(unsigned i) {
  const size_t size = 1 + i % 300;
  void* block = malloc(size);
  void* other = kept = calloc(2, size);
  block = realloc(block, 2 * size);
  atomic_fetch_add(&calls, 3);
  atomic_fetch_add(&bytes, (long)(5 * size));
  kept = block;
  kept = other;
  free(block);
  free(other);
}

static void* count_thread(void* rounds) {
  for (unsigned i = 0; i < *(unsigned*)rounds; ++i) one_round(i);
  return NULL;
}

static void* churn_thread(void* unused) {
  (void)unused;
  for (unsigned i = 0; !atomic_load(&enough); ++i) one_round(i);
  return NULL;
}

static void threads(unsigned count, void* (*function)(void*), unsigned rounds, int until_told) {
  static pthread_t all[64];
  say("ready %d", getpid());
  hear();
  for (unsigned i = 0; i < count; ++i) pthread_create(&all[i], NULL, function, &rounds);
  if (until_told) {
    say("going");
    hear();
    atomic_store(&enough, 1);
  }
  for (unsigned i = 0; i < count; ++i) pthread_join(all[i], NULL);
  say("%ld %ld", (long)calls, (long)bytes);
}

int main(int argc, char** argv) {
  if (argc == 4 && strcmp(argv[1], "count") == 0) {
    threads((unsigned)atoi(argv[2]), count_thread, (unsigned)atoi(argv[3]), 0);
  } else if (argc == 3 && strcmp(argv[1], "churn") == 0) {
    threads((unsigned)atoi(argv[2]), churn_thread, 0, 1);
  } else {
    every_function(argc == 1);
    if (argc == 1) surroundings();
  }
  return 0;
}
