// What the target programs share. A target says on standard output what it did, so that the test can compare
// the trace with it, and waits for the test by reading lines from standard input: no target ever sleeps to
// let another go first.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

// A call that does nothing and that a trace cannot be without: close(9000 + n) = -1 EBADF.
static inline void mark(int n) { syscall(SYS_close, 9000 + n); }

static inline pid_t own_tid(void) { return (pid_t)syscall(SYS_gettid); }

// One line, by one write(2).
__attribute__((format(printf, 1, 2))) static inline void say(const char* format, ...) {
  char line[4096];
  va_list values;
  va_start(values, format);
  int n = vsnprintf(line, sizeof line - 1, format, values);
  va_end(values);
  if (n > (int)sizeof line - 2) n = (int)sizeof line - 2;
  line[n++] = '\n';
  if (write(STDOUT_FILENO, line, (size_t)n) != n) _exit(98);
}

// Waits for a line of the test. Its end means that the test is gone: nothing may outlive it.
static inline void hear(void) {
  char c;
  do {
    ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n != 1) _exit(97);
  } while (c != '\n');
}

static inline void must(int good, const char* what) {
  if (good) return;
  say("failed: %s: %s", what, strerror(errno));
  _exit(96);
}

static inline int status_of(pid_t pid, int options) {
  int status = 0;
  while (waitpid(pid, &status, options) < 0) must(errno == EINTR, "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
