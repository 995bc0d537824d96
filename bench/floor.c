// The least that a tracer of system calls can do with ptrace: wait for a stop, let the task go on. It reads
// nothing and prints nothing; what a tracer costs beyond this is its own.
//
// usage: floor PROGRAM [ARG...]
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    raise(SIGSTOP);
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, WUNTRACED);
  if (ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0) {
    perror("floor: PTRACE_SEIZE");
    kill(child, SIGKILL);
    return 1;
  }
  kill(child, SIGCONT);
  while (wait4(child, &status, __WALL, 0) == child && WIFSTOPPED(status)) {
    const int signal = WSTOPSIG(status);
    const int ours = signal == (SIGTRAP | 0x80) || status >> 16 != 0;
    ptrace(PTRACE_SYSCALL, child, 0, ours ? 0 : (long)signal);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
