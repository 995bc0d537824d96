// The main thread has ended and is a zombie; another goes on. With "exec" that one executes the program anew,
// and so takes the main thread's place.
#include "target.h"

static char* own_path;
static int executes;

static void end(void) {
  mark(1);
  say("done");
  exit(8);
}

static void* go_on(void* argument) {
  say("ready %d", getpid());
  hear();
  if (executes) execl(own_path, own_path, "executed", NULL);
  end();
  return argument;
}

int main(int argc, char** argv) {
  own_path = argv[0];
  executes = argc > 1 && strcmp(argv[1], "exec") == 0;
  if (argc > 1 && !executes) {
    say("executed %d", getpid());
    hear();
    end();
  }
  pthread_t thread;
  must(pthread_create(&thread, NULL, go_on, NULL) == 0, "pthread_create");
  pthread_exit(NULL);
}
