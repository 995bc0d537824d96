// The least that a tracer of system calls can do with ptrace: wait for a stop, let the task go on, threads
// and children as well. It reads nothing and prints nothing; what a tracer costs beyond this is its own.
//
// usage: floor [-s] PROGRAM [ARG...]
//   -s  as sonde does it: never sleeps in wait4, and asks the kernel not to let idle CPUs halt
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS \
  (PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK)

static void keep_cpus_awake(void) {
  const int device = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
  const int microseconds = 0;
  if (device < 0 || write(device, &microseconds, sizeof microseconds) < 0)
    perror("floor: /dev/cpu_dma_latency");
}

static void go_on(pid_t task, int status) {
  const int signal = WSTOPSIG(status);
  const int ours = signal == (SIGTRAP | 0x80) || status >> 16 != 0;
  ptrace(PTRACE_SYSCALL, task, 0, ours ? 0 : (long)signal);
}

// The exit status of `child`, once nobody is left to wait for.
static int trace(pid_t child, int wait_options) {
  int ended = 1;
  for (;;) {
    int status = 0;
    const pid_t task = wait4(-1, &status, __WALL | wait_options, 0);
    if (task < 0) return ended;
    if (task == 0) continue;
    if (WIFSTOPPED(status))
      go_on(task, status);
    else if (task == child && WIFEXITED(status))
      ended = WEXITSTATUS(status);
  }
}

int main(int argc, char** argv) {
  const int spins = argc > 1 && strcmp(argv[1], "-s") == 0;
  argv += 1 + spins;
  if (*argv == NULL) return 2;
  const pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    raise(SIGSTOP);
    execvp(*argv, argv);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, WUNTRACED);
  if (ptrace(PTRACE_SEIZE, child, 0, OPTIONS) != 0) {
    perror("floor: PTRACE_SEIZE");
    kill(child, SIGKILL);
    return 1;
  }
  kill(child, SIGCONT);
  if (spins) keep_cpus_awake();
  return trace(child, spins ? WNOHANG : 0);
}
