// Installs seccomp filters of its own: one that fails a call, one that sends SIGSYS for another.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "target.h"

static volatile int trapped;

static void on_sigsys(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  trapped = info->si_syscall;
}

int main(void) {
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
  must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0, "seccomp");
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
