// One thread sleeps in each call that a tracer's coming and going might interrupt. None may see it: each says
// how its call ended once the test lets it end.
#include <linux/futex.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "target.h"

static int pipe_fds[2];
static int sockets[2];
static int listener;
static int semaphores;
static int queue;
static int futex_word;
static atomic_int entered;

static int epoll_of(int fd) {
  const int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  return epoll;
}

static long do_epoll_wait(void) {
  struct epoll_event event;
  return epoll_wait(epoll_of(pipe_fds[0]), &event, 1, -1);
}
static long do_epoll_pwait(void) {
  struct epoll_event event;
  sigset_t none;
  sigemptyset(&none);
  return epoll_pwait(epoll_of(pipe_fds[0]), &event, 1, 1000000, &none);
}
static long do_poll(void) {
  struct pollfd fd = {pipe_fds[0], POLLIN, 0};
  return poll(&fd, 1, -1);
}
static long do_ppoll(void) {
  struct pollfd fd = {pipe_fds[0], POLLIN, 0};
  const struct timespec time = {1000, 0};
  return ppoll(&fd, 1, &time, NULL);
}
static long do_select(void) {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(pipe_fds[0], &set);
  return select(pipe_fds[0] + 1, &set, NULL, NULL, NULL);
}
static long do_futex(void) { return syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, NULL, NULL, 0); }
static long do_futex_timeout(void) {
  const struct timespec time = {1000, 0};
  return syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, &time, NULL, 0);
}
static long do_recv_timeout(void) {
  char c;
  return recv(sockets[0], &c, 1, MSG_PEEK);  // With SO_RCVTIMEO: never restarted by the kernel.
}
static long do_poll_timeout(void) {
  struct pollfd fd = {pipe_fds[0], POLLIN, 0};
  return poll(&fd, 1, 1000000);  // With a timeout it goes on as restart_syscall.
}
static long do_nanosleep(void) {
  const struct timespec time = {1, 0};
  struct timespec before;
  struct timespec after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  if (nanosleep(&time, NULL) != 0) return -1;
  clock_gettime(CLOCK_MONOTONIC, &after);
  errno = ETIME;
  return (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= 1000000000 ? 0 : -1;
}
static long do_accept(void) {
  const int fd = accept(listener, NULL, NULL);
  return fd < 0 ? fd : 0;
}
static long do_semop(void) {
  struct sembuf operation = {0, -1, 0};
  return semop(semaphores, &operation, 1);
}
static long do_msgrcv(void) {
  struct {
    long type;
    char text[8];
  } message;
  return msgrcv(queue, &message, sizeof message.text, 0, 0);
}
static long do_sigtimedwait(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  const struct timespec time = {1000, 0};
  return sigtimedwait(&set, NULL, &time) == SIGUSR1 ? 0 : -1;
}

static const struct Sleeper {
  const char* name;
  long (*call)(void);
} sleepers[] = {
    {"epoll_wait", do_epoll_wait},
    {"epoll_pwait", do_epoll_pwait},
    {"poll", do_poll},
    {"ppoll", do_ppoll},
    {"select", do_select},
    {"futex", do_futex},
    {"futex_timeout", do_futex_timeout},
    {"recv_timeout", do_recv_timeout},
    {"poll_timeout", do_poll_timeout},
    {"nanosleep", do_nanosleep},
    {"accept_timeout", do_accept},
    {"semop", do_semop},
    {"msgrcv", do_msgrcv},
    {"sigtimedwait", do_sigtimedwait},  // The last: it is ended by a signal.
};
enum { count = sizeof sleepers / sizeof *sleepers };

static pthread_t threads[count];

static void* sleep_in_call(void* argument) {
  const struct Sleeper* sleeper = argument;
  atomic_fetch_add(&entered, 1);
  errno = 0;
  const long result = sleeper->call();
  say("%s %s", sleeper->name, result >= 0 ? "ok" : strerrorname_np(errno));
  return argument;
}

int main(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  must(pipe(pipe_fds) == 0, "pipe");
  must(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0, "socketpair");
  const struct timeval time = {1000, 0};
  setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  listener = socket(AF_UNIX, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  sa_family_t family = AF_UNIX;
  must(bind(listener, (struct sockaddr*)&family, sizeof family) == 0 && listen(listener, 1) == 0, "listen");
  semaphores = semget(IPC_PRIVATE, 1, 0600);
  queue = msgget(IPC_PRIVATE, 0600);
  for (int i = 0; i < count; ++i) {
    must(pthread_create(&threads[i], NULL, sleep_in_call, (void*)&sleepers[i]) == 0, "pthread_create");
  }
  while (atomic_load(&entered) < count) sched_yield();
  say("ready %d", getpid());  // The test waits until every thread sleeps.
  hear();
  // The call alone may end it, once; the result of an interrupted one would be said already.
  must(write(pipe_fds[1], "x", 1) == 1 && write(sockets[1], "x", 1) == 1, "write");
  futex_word = 1;
  syscall(SYS_futex, &futex_word, FUTEX_WAKE, 100, NULL, NULL, 0);
  struct sembuf post = {0, 1, 0};
  must(semop(semaphores, &post, 1) == 0, "semop");
  const struct {
    long type;
    char text[8];
  } message = {1, "hello"};
  must(msgsnd(queue, &message, sizeof message.text, 0) == 0, "msgsnd");
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  getsockname(listener, (struct sockaddr*)&address, &size);
  const int client = socket(AF_UNIX, SOCK_STREAM, 0);
  must(connect(client, (struct sockaddr*)&address, size) == 0, "connect");
  pthread_kill(threads[count - 1], SIGUSR1);
  for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
  semctl(semaphores, 0, IPC_RMID);
  msgctl(queue, IPC_RMID, NULL);
  say("done");
  return 0;
}
