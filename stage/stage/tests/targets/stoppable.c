// Counts lines of the test while it runs, so that the test can tell a stopped program from a running one.
// Says what its SIGCONT handler saw; with an argument it handles SIGTSTP as editors do: tidy up, then stop by
// the default action.
#include "target.h"

static void on_continue(int signal) {
  (void)signal;
  say("continued");
}

static void on_stop(int signal) {
  say("stopping");
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  struct sigaction standard;
  struct sigaction own;
  memset(&standard, 0, sizeof standard);
  standard.sa_handler = SIG_DFL;
  sigaction(signal, &standard, &own);
  raise(signal);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  sigprocmask(SIG_BLOCK, &set, NULL);
  sigaction(signal, &own, NULL);
}

static void* other_thread(void* argument) {
  for (;;) pause();
  return argument;
}

int main(int argc, char** argv) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_continue;
  action.sa_flags = SA_RESTART;
  sigaction(SIGCONT, &action, NULL);
  (void)argv;
  if (argc > 1) {
    action.sa_handler = on_stop;
    sigaction(SIGTSTP, &action, NULL);
  }
  pthread_t thread;
  must(pthread_create(&thread, NULL, other_thread, NULL) == 0, "pthread_create");
  say("ready %d", getpid());
  hear();
  say("running");
  hear();
  say("done");
  return 4;
}
