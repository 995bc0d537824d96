// Calls that a signal interrupts, in each of the ways in which the kernel goes on.
#include <poll.h>
#include <sys/epoll.h>
#include <time.h>

#include "target.h"

static void on_signal(int signal) { (void)signal; }

static void handle(int signal, int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = flags;
  sigaction(signal, &action, NULL);
}

int main(void) {
  handle(SIGUSR1, SA_RESTART);
  handle(SIGUSR2, 0);
  say("ready %d", getpid());
  hear();  // ERESTARTSYS: made again after SIGUSR1.
  say("read went on");
  const struct timespec time = {1000, 0};
  int result = nanosleep(&time, NULL);  // ERESTART_RESTARTBLOCK: EINTR after a handler.
  say("nanosleep %s", result == 0 ? "ok" : strerrorname_np(errno));
  result = pause();  // ERESTARTNOHAND.
  say("pause %s", strerrorname_np(errno));
  struct pollfd fd = {0, POLLIN, 0};
  result = poll(&fd, 1, 1000000);  // Goes on with restart_syscall after SIGSTOP and SIGCONT.
  say("poll %d", result);
  hear();
  const int set = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  must(epoll_ctl(set, EPOLL_CTL_ADD, STDIN_FILENO, &event) == 0, "epoll_ctl");
  result = epoll_wait(set, &event, 1, 1000000);  // EINTR, whatever has interrupted it.
  say("epoll_wait %d", result);
  return 0;
}
