// Handles SIGINT itself and goes on, as shells and editors do; ends at the second line.
#include "target.h"

static void on_interrupt(int signal) {
  (void)signal;
  say("interrupted");
}

int main(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, NULL);
  say("ready %d", getpid());
  hear();
  mark(1);
  say("heard");
  hear();
  return 6;
}
