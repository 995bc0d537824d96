// Makes many calls with arguments of every sort, right and wrong, for their lines to be compared.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "raw_call.h"
int main() {
  char* p = mmap((void*)0x20000000, 4096, 3, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0);
  int pp[2];
  pipe(pp);
  int qq[2];
  pipe(qq);
  // select() looks at no more descriptors than the table has room for, which is what the parent had open.
  close(dup2(0, 255));
  write(pp[1], "x", 1);
  struct pollfd f[3] = {
      {pp[0], POLLIN, 0}, {pp[1], POLLOUT | POLLERR, 0}, {qq[0], POLLIN | POLLPRI | 0x4000, 7}};
  syscall(SYS_poll, f, 3, -1);
  syscall(SYS_poll, f + 2, 1, 0);
  syscall(SYS_poll, f + 2, 1, 1);
  syscall(SYS_poll, 0, 0, 1);
  syscall(SYS_poll, f, 0, 1);
  syscall(SYS_poll, 8, 1, 1);
  f[0].fd = 99;
  syscall(SYS_poll, f, 1, 1);
  f[0].fd = -1;
  f[0].events = 0;
  syscall(SYS_poll, f, 2, 1000);
  syscall(SYS_poll, 0, 3, 5);
  struct pollfd* e = (void*)(p + 4096 - 8);
  e->fd = pp[0];
  e->events = POLLIN;
  syscall(SYS_poll, e, 2, 5);
  struct timespec ts = {1, 5};
  unsigned long ss = (1UL << (SIGINT - 1));
  syscall(SYS_ppoll, f, 2, &ts, &ss, 8);
  syscall(SYS_ppoll, f, 2, 0, 0, 8);
  ts.tv_sec = 0;
  ts.tv_nsec = 1000;
  syscall(SYS_ppoll, f + 2, 1, &ts, 0, 8);
  ts.tv_nsec = -1;
  syscall(SYS_ppoll, f + 2, 1, &ts, &ss, 7);
  syscall(SYS_ppoll, f + 2, 1, 8, 8, 8);
  fd_set large[2];  // As many as the largest number asked about.
  fd_set* const r = &large[0];
  FD_ZERO(&large[1]);
  fd_set w, x;
  struct timeval tv = {1, 5};
  FD_ZERO(r);
  FD_ZERO(&w);
  FD_ZERO(&x);
  FD_SET(pp[0], r);
  FD_SET(qq[0], r);
  FD_SET(pp[1], &w);
  FD_SET(0, &x);
  syscall(SYS_select, 20, r, &w, &x, &tv);
  FD_SET(pp[0], r);
  FD_SET(pp[1], &w);
  syscall(SYS_select, 20, r, &w, 0, 0);
  FD_ZERO(r);
  FD_SET(qq[0], r);
  tv.tv_sec = 0;
  tv.tv_usec = 10;
  syscall(SYS_select, 20, r, 0, 0, &tv);
  FD_ZERO(r);
  tv.tv_usec = 10;
  syscall(SYS_select, 20, r, 0, 0, &tv);
  tv.tv_usec = 1;
  syscall(SYS_select, 0, 0, 0, 0, &tv);
  syscall(SYS_select, 20, 8, 0, 0, &tv);
  FD_SET(99, r);
  syscall(SYS_select, 100, r, 0, 0, &tv);
  syscall(SYS_select, -1, r, 0, 0, 8);
  syscall(SYS_select, 2000, r, 0, 0, &tv);
  FD_ZERO(r);
  FD_SET(pp[0], r);
  syscall(SYS_select, 1, r, 0, 0, &tv);
  ts.tv_sec = 0;
  ts.tv_nsec = 100;
  struct {
    void* p;
    unsigned long n;
  } sg = {&ss, 8};
  FD_ZERO(r);
  FD_SET(qq[0], r);
  syscall(SYS_pselect6, 20, r, 0, 0, &ts, &sg);
  syscall(SYS_pselect6, 20, r, 0, 0, &ts, 0);
  FD_SET(pp[0], r);
  syscall(SYS_pselect6, 20, r, 0, 0, 0, &sg);
  sg.p = 0;
  syscall(SYS_pselect6, 20, r, 0, 0, 0, &sg);
  syscall(SYS_pselect6, 20, r, 0, 0, &ts, 8);
  ts.tv_sec = 5;
  syscall(SYS_pselect6, 20, r, 0, 0, &ts, 0);
  int ep = syscall(SYS_epoll_create1, EPOLL_CLOEXEC);
  syscall(SYS_epoll_create, 5);
  syscall(SYS_epoll_create1, 0);
  syscall(SYS_epoll_create1, 5);
  struct epoll_event ev = {EPOLLIN | EPOLLET | EPOLLONESHOT, {.u64 = 0x123456789abcdefUL}};
  syscall(SYS_epoll_ctl, ep, EPOLL_CTL_ADD, pp[0], &ev);
  ev.data.u64 = 3;
  ev.events = EPOLLOUT;
  syscall(SYS_epoll_ctl, ep, EPOLL_CTL_ADD, pp[1], &ev);
  syscall(SYS_epoll_ctl, ep, EPOLL_CTL_MOD, pp[1], &ev);
  syscall(SYS_epoll_ctl, ep, EPOLL_CTL_DEL, 99, &ev);
  syscall(SYS_epoll_ctl, ep, EPOLL_CTL_DEL, 99, 0);
  syscall(SYS_epoll_ctl, ep, 9, 99, &ev);
  ev.events = 0;
  syscall(SYS_epoll_ctl, ep, EPOLL_CTL_MOD, 99, &ev);
  syscall(SYS_epoll_ctl, ep, EPOLL_CTL_MOD, 99, 8);
  struct epoll_event evs[40];
  syscall(SYS_epoll_wait, ep, evs, 40, -1);
  syscall(SYS_epoll_wait, ep, evs, 1, 5);
  syscall(SYS_epoll_pwait, ep, evs, 40, -1, &ss, 8);
  syscall(SYS_epoll_pwait, ep, evs, 40, 5, 0, 8);
  ts.tv_sec = 1;
  syscall(441, ep, evs, 40, &ts, &ss, 8);
  syscall(441, ep, evs, 40, 0, 0, 8);
  int e2 = epoll_create1(0);
  syscall(SYS_epoll_wait, e2, evs, 40, 0);
  syscall(SYS_epoll_wait, e2, evs, -1, 0);
  unsigned char big[1];
  for (int i = 0; i < 40; i++) {
    int d = dup(pp[1]);
    ev.events = EPOLLOUT;
    ev.data.u32 = i;
    epoll_ctl(ep, 1, d, &ev);
  }
  syscall(SYS_epoll_wait, ep, evs, 40, 0);
  struct pollfd many[40];
  for (int i = 0; i < 40; i++) many[i] = (struct pollfd){i, POLLIN | POLLOUT, 0};
  syscall(SYS_poll, many, 40, 0);
  return 0;
}
