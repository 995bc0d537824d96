// Sleeps in epoll_wait while signals that it ignores arrive. Untraced, they do not even wake it; a tracer
// sees them, and must not let the program see that it did.
#include <sys/epoll.h>

#include "target.h"

int main(void) {
  signal(SIGUSR1, SIG_IGN);
  const int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data = {.fd = 0}};
  must(epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event) == 0, "epoll_ctl");
  say("ready %d", getpid());
  const int n = epoll_wait(epoll, &event, 1, -1);
  say("epoll_wait %s", n == 1 ? "ok" : strerrorname_np(errno));
  return 0;
}
