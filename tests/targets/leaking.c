// Loses and keeps blocks of known sizes, and says of each what the right answer is: "SIZE CLASS". Then ends
// by its argument: return, exit, _exit, abort, thread (an exit in a thread while others run), exec (of
// another program), or waits to be looked at: wait.
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#include "target.h"

struct node {
  struct node* volatile next;
};

static void* volatile global;
static char* volatile into;
static _Thread_local void* volatile in_thread;
static uintptr_t volatile hidden;
static atomic_int ready;

static void* told(size_t size, const char* class) {
  void* block = malloc(size);
  memset(block, 0, size);
  say("%zu %s", size, class);
  return block;
}

// What is made in there must not be found on the stack afterwards.
__attribute__((noinline)) static void in_a_frame(void (*make)(void)) {
  make();
  char volatile over[16384];
  memset((char*)over, 0, sizeof over);
}

static void lose_one(void) { told(1001, "definite"); }

static void lose_a_tree(void) {
  struct node* top = told(1101, "definite");
  top->next = told(1102, "indirect");
  top->next->next = told(1103, "indirect");
}

// The one with the lowest address leads.
static void lose_a_circle(void) {
  struct node* first = malloc(1201);
  struct node* second = malloc(1202);
  first->next = second;
  second->next = first;
  say("%d definite", first < second ? 1201 : 1202);
  say("%d indirect", first < second ? 1202 : 1201);
}

static void hide(void) { hidden = (uintptr_t)told(1301, "definite") ^ 0x5555555555555555; }

static void keep_some(void) {
  struct node* chain = told(2001, "reachable");
  chain->next = told(2002, "reachable");
  global = chain;
  into = (char*)told(2101, "possible") + 100;
  in_thread = told(2201, "reachable");
  void** ring = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(ring != MAP_FAILED, "mmap");
  ring[600] = told(2301, "reachable");
}

// A thread that holds a block on its stack alone, one in its TLS, and one in a register.
static void* holder(void* unused) {
  void* volatile on_stack = told(3001, "reachable");
  in_thread = told(3002, "reachable");
  register void* in_register __asm__("r15") = told(3003, "reachable");
  atomic_fetch_add(&ready, 1);
  for (;;) __asm__ volatile("pause" : "+r"(in_register) : "r"(on_stack));
  return unused;
}

// What a thread that has ended had on its stack is lost.
static void* passer(void* unused) {
  void* volatile on_stack = told(3101, "definite");
  in_thread = told(3102, "definite");
  (void)on_stack;
  return unused;
}

static void* ender(void* unused) {
  exit(0);
  return unused;
}

int main(int argc, char** argv) {
  must(argc == 2, "argument");
  const char* end = argv[1];
  say("ready %d", getpid());
  pthread_t thread;
  must(pthread_create(&thread, NULL, passer, NULL) == 0, "pthread_create");
  pthread_join(thread, NULL);
  must(pthread_create(&thread, NULL, holder, NULL) == 0, "pthread_create");
  while (atomic_load(&ready) == 0) sched_yield();
  memset(&thread, 0, sizeof thread);
  for (void (*const* make)(void) =
           (void (*const[])(void)){lose_one, lose_a_tree, lose_a_circle, hide, keep_some, NULL};
       *make != NULL; ++make)
    in_a_frame(*make);
  say("all");
  if (strcmp(end, "wait") == 0) hear();
  if (strcmp(end, "exit") == 0) exit(0);
  if (strcmp(end, "_exit") == 0) _exit(0);
  if (strcmp(end, "abort") == 0) abort();
  if (strcmp(end, "exec") == 0) {
    execlp("no-such-program", "no-such-program", NULL);
    execlp("true", "true", NULL);
    must(0, "execlp");
  }
  if (strcmp(end, "thread") == 0) {
    must(pthread_create(&thread, NULL, ender, NULL) == 0, "pthread_create");
    for (;;) pause();
  }
  return 0;
}
