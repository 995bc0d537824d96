// Prints what each signal's handler is told, in the order in which they come, until SIGTERM.
#include "target.h"

static void handle(int signal, siginfo_t* info, void* context) {
  (void)context;
  if (info->si_code == SI_QUEUE) {
    say("signal %d code %d pid %d uid %d value %d", signal, info->si_code, info->si_pid, info->si_uid,
        info->si_value.sival_int);
  } else if (signal == SIGSEGV) {
    say("signal %d code %d address %p", signal, info->si_code, info->si_addr);
    static const char done[] = "ready\n";
    if (write(STDOUT_FILENO, done, 6) != 6) _exit(94);
    hear();
    _exit(0);
  } else if (signal == SIGALRM) {
    say("signal %d code %d", signal, info->si_code);
  } else {
    say("signal %d code %d pid %d uid %d", signal, info->si_code, info->si_pid, info->si_uid);
  }
}

int main(int argc, char** argv) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  static const int handled[] = {SIGUSR1, SIGUSR2, SIGSEGV, SIGALRM, SIGCHLD, SIGTRAP, SIGCONT, SIGTTIN};
  for (size_t i = 0; i < sizeof handled / sizeof *handled; ++i) sigaction(handled[i], &action, NULL);
  sigaction(SIGRTMIN + 1, &action, NULL);
  say("ready %d", getpid());
  if (argc > 1 && strcmp(argv[1], "fault") == 0) {
    hear();
    *(volatile int*)0x1234 = 1;
  }
  hear();
  const pid_t child = fork();
  if (child == 0) _exit(9);
  must(status_of(child, 0) == 9, "child");
  kill(getpid(), SIGTRAP);  // Not to be taken for a stop of the tracer's.
  raise(SIGUSR1);
  say("done");
  return 0;
}
