// Installs a seccomp filter of its own, which fails one call and sends SIGSYS for another; with "tsync" in
// all threads at once, of which one sleeps meanwhile and one runs without a call.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "target.h"

static volatile int trapped;

static void on_sigsys(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  trapped = info->si_syscall;
}

static int wake_up[2];
static atomic_int running;
static atomic_int filtered;

static void call_what_fails(const char* who) {
  const long result = syscall(SYS_getppid);
  say("%s getppid %s", who, result == -1 ? strerrorname_np(errno) : "went through");
}

static void* sleeper(void* argument) {
  atomic_fetch_add(&running, 1);
  char c;
  must(read(wake_up[0], &c, 1) == 1, "read");
  call_what_fails("sleeper");
  return argument;
}

static void* runner(void* argument) {
  atomic_fetch_add(&running, 1);
  while (!atomic_load(&filtered)) {
  }
  call_what_fails("runner");
  return argument;
}

static void install_in_all_threads(struct sock_fprog* program) {
  pthread_t threads[2];
  must(pipe(wake_up) == 0, "pipe");
  must(pthread_create(&threads[0], NULL, sleeper, NULL) == 0, "pthread_create");
  must(pthread_create(&threads[1], NULL, runner, NULL) == 0, "pthread_create");
  while (atomic_load(&running) < 2) sched_yield();
  must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, program) == 0, "seccomp");
  must(write(wake_up[1], "x", 1) == 1, "write");
  pthread_join(threads[0], NULL);
  atomic_store(&filtered, 1);
  pthread_join(threads[1], NULL);
}

int main(int argc, char** argv) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_sigsys;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, NULL);
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgrp, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  if (argc > 1 && strcmp(argv[1], "tsync") == 0) {
    install_in_all_threads(&program);
  } else {
    must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0, "seccomp");
  }
  mark(1);
  const long result = syscall(SYS_getppid);
  say("getppid %s", result == -1 ? strerrorname_np(errno) : "went through");
  syscall(SYS_getpgrp);
  say("getpgrp trapped %d", trapped == SYS_getpgrp);
  const pid_t child = fork();
  if (child == 0) {
    mark(2);
    _exit(syscall(SYS_getppid) == -1 && errno == EXDEV ? 0 : 1);
  }
  must(status_of(child, 0) == 0, "child");
  say("done");
  return 0;
}
