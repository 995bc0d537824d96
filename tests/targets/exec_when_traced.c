// A thread that executes another program the moment its process is traced, while its tracer is still busy
// with the many other threads: the exec must not wait for a tracer that waits for the exec.
#include "target.h"

static char* own_path;

static void* wait_forever(void* argument) {
  for (;;) pause();
  return argument;
}

static int is_traced(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/status", getpid());
  FILE* status = fopen(path, "r");
  must(status != NULL, "status");
  char line[256];
  int tracer = 0;
  while (fgets(line, sizeof line, status) != NULL && sscanf(line, "TracerPid: %d", &tracer) != 1) {
  }
  fclose(status);
  return tracer != 0;
}

static void* execute(void* argument) {
  while (!is_traced()) sched_yield();
  char* const arguments[] = {own_path, "again", NULL};
  execv(own_path, arguments);
  must(0, "execv");
  return argument;
}

int main(int argc, char** argv) {
  own_path = argv[0];
  if (argc > 1 && strcmp(argv[1], "again") == 0) {
    say("executed %d", getpid());
    hear();
    mark(1);
    say("done");
    return 5;
  }
  const int n = argc > 1 ? atoi(argv[1]) : 200;
  pthread_t thread;
  for (int i = 0; i < n; ++i) must(pthread_create(&thread, NULL, wait_forever, NULL) == 0, "pthread_create");
  say("ready %d", getpid());
  must(pthread_create(&thread, NULL, execute, NULL) == 0, "pthread_create");
  wait_forever(NULL);
  return 0;
}
