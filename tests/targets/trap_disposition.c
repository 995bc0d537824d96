// Does one thing for each letter that it reads, and then says so; several letters of a line follow each
// other: a: allocates; d: says what SIGTRAP's disposition is; h: handles SIGTRAP; i: ignores it; b: blocks
// it; f: has a child allocate and say the disposition; v: the same of a program that it executes; s: takes on
// a seccomp filter that ends the process when it sets a disposition; t: sends SIGTRAP to itself; x: runs into
// an int3 of its own.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "target.h"

static void* volatile kept;

static void allocate(void) {
  kept = malloc(100);
  free(kept);
}

static void on_trap(int signal) {
  (void)signal;
  say("trapped");
}

static void say_disposition(void) {
  struct sigaction action;
  must(sigaction(SIGTRAP, NULL, &action) == 0, "sigaction");
  say("%s", action.sa_handler == SIG_DFL   ? "default"
            : action.sa_handler == SIG_IGN ? "ignored"
            : action.sa_handler == on_trap ? "its own"
                                           : "another");
}

static void in_child(char** argv) {
  const pid_t pid = fork();
  if (pid == 0) {
    if (argv != NULL) execv("/proc/self/exe", argv);
    allocate();
    say_disposition();
    _exit(0);
  }
  must(status_of(pid, 0) == 0, "the child");
}

static void take_on_filter(void) {
  struct sock_filter lines[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigaction, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof lines / sizeof lines[0], lines};
  must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "seccomp");
}

static void serve(char letter) {
  sigset_t trap;
  sigemptyset(&trap);
  sigaddset(&trap, SIGTRAP);
  switch (letter) {
    case 'a':
      return allocate();
    case 'd':
      return say_disposition();
    case 'h':
      signal(SIGTRAP, on_trap);
      return;
    case 'i':
      signal(SIGTRAP, SIG_IGN);
      return;
    case 'b':
      must(sigprocmask(SIG_BLOCK, &trap, NULL) == 0, "sigprocmask");
      return;
    case 'f':
      return in_child(NULL);
    case 'v':
      return in_child((char*[]){"trap_disposition", "ad", NULL});
    case 's':
      return take_on_filter();
    case 't':
      raise(SIGTRAP);
      return;
    case 'x':
      __asm__ volatile("int3");
      return;
    case '\n':
      return say("done");
    default:
      must(0, "a letter");
  }
}

int main(int argc, char** argv) {
  if (argc > 1) {
    for (const char* letter = argv[1]; *letter != '\0'; ++letter) serve(*letter);
    return 0;
  }
  say("ready %d", getpid());
  char letter;
  while (read(STDIN_FILENO, &letter, 1) == 1) serve(letter);
  return 0;
}
