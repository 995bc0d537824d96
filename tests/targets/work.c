// A computation that goes wrong when any call of it is lost, doubled or interrupted: processes and threads
// pass numbers through pipes, signals arrive, and the sum at the end is known.
#include <stdatomic.h>

#include "target.h"

static atomic_int signals;
static void on_signal(int signal) {
  (void)signal;
  atomic_fetch_add(&signals, 1);
}

static int count = 2000;

static void feed(int fd, int from) {
  for (int i = 0; i < count; ++i) {
    const int number = from + i;
    must(write(fd, &number, sizeof number) == (ssize_t)sizeof number, "write");
  }
}

static long drain(int fd) {
  long sum = 0;
  for (int number; read(fd, &number, sizeof number) == (ssize_t)sizeof number;) sum += number;
  return sum;
}

struct Pair {
  int in;
  int out;
};

// Doubles what comes through.
static void* twice(void* argument) {
  const struct Pair* pair = argument;
  for (int number; read(pair->in, &number, sizeof number) == (ssize_t)sizeof number;) {
    number *= 2;
    must(write(pair->out, &number, sizeof number) == (ssize_t)sizeof number, "write");
  }
  close(pair->out);
  return NULL;
}

int main(int argc, char** argv) {
  if (argc > 1) count = atoi(argv[1]);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, NULL);
  say("ready %d", getpid());
  hear();
  long sum = 0;
  for (int round = 0; round < 3; ++round) {
    int first[2];
    int second[2];
    must(pipe2(first, O_CLOEXEC) == 0 && pipe2(second, O_CLOEXEC) == 0, "pipe");
    const pid_t feeder = fork();
    if (feeder == 0) {
      feed(first[1], round * 1000);
      _exit(11);
    }
    close(first[1]);
    struct Pair pair = {first[0], second[1]};
    pthread_t thread;
    must(pthread_create(&thread, NULL, twice, &pair) == 0, "pthread_create");
    raise(SIGUSR1);
    sum += drain(second[0]);
    pthread_join(thread, NULL);
    close(first[0]);
    close(second[0]);
    must(status_of(feeder, 0) == 11, "feeder");
  }
  const long n = count;
  const long expected = 2 * (3 * (n * (n - 1) / 2) + n * (0 + 1000 + 2000));
  say("sum %s signals %s", sum == expected ? "right" : "wrong",
      atomic_load(&signals) == 3 ? "right" : "wrong");
  return 21;
}
