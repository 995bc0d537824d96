// A thread that has ended, whose stack glibc keeps for the next one: what it had is lost, and what glibc
// keeps with the stack is not.
#include "shape.h"

static _Thread_local void* volatile in_thread;

static void* body(void* unused) {
  void* volatile on_stack = told(1101, "definite");
  in_thread = told(1201, "definite");
  (void)on_stack;
  return unused;
}

int main(int argc, char** argv) {
  pthread_t thread;
  must(pthread_create(&thread, NULL, body, NULL) == 0, "pthread_create");
  must(pthread_join(thread, NULL) == 0, "pthread_join");
  memset(&thread, 0, sizeof thread);
  all_told(argc, argv);
}
