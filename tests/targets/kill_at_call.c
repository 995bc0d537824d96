// Runs sonde and kills its tracer at the beginning of a system call: "kill_at_call N SONDE ARGUMENTS..." of
// the Nth call that changes something for a tracee, or waits for one, since the tracer began; with "after N",
// of the Nth since a SIGUSR1 to this program. Says "killed" with the call's number, if it came to that, and
// what sonde's end was.
#include <stdbool.h>
#include <sys/ptrace.h>

#include "target.h"

static volatile sig_atomic_t counting;
static long wanted;
static pid_t tracer;

static void handle_signal(int signal, void (*handler)(int)) {
  const struct sigaction action = {.sa_handler = handler};
  must(sigaction(signal, &action, NULL) == 0, "sigaction");
}

static void start_counting(int signal) {
  (void)signal;
  counting = 1;
}

static bool is_tracer(pid_t pid) {
  char path[32];
  char name[32] = "";
  snprintf(path, sizeof path, "/proc/%d/comm", pid);
  FILE* file = fopen(path, "r");
  if (file == NULL) return false;
  if (fgets(name, sizeof name, file) == NULL) name[0] = 0;
  fclose(file);
  return strcmp(name, "sonde-tracer\n") == 0;
}

static bool matters(long nr) {
  return nr == SYS_ptrace || nr == SYS_pwrite64 || nr == SYS_waitid || nr == SYS_wait4 || nr == SYS_tkill;
}

// The number of the call that the task is about to make; -1 where it is not.
static long entered(pid_t tid) {
  struct __ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) <= 0) return -1;
  return info.op == PTRACE_SYSCALL_INFO_ENTRY ? (long)info.entry.nr : -1;
}

static pid_t run(char** command) {
  const pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    execv(command[0], command);
    _exit(127);
  }
  int status = 0;
  must(waitpid(child, &status, WUNTRACED) == child, "waitpid");
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE |
                       PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL;
  must(ptrace(PTRACE_SEIZE, child, NULL, options) == 0, "seize");
  kill(child, SIGCONT);
  return child;
}

// Everybody that is traced but the tracer: what sonde starts is for its tracer to trace. That one stands
// still until they are gone.
static pid_t others[64];
static int other_count;

static void remember(pid_t pid) {
  must(other_count < 64, "too many processes");
  others[other_count++] = pid;
}

static int forget(pid_t pid) {
  for (int i = 0; i < other_count; ++i) {
    if (others[i] != pid) continue;
    others[i] = others[--other_count];
    return 1;
  }
  return 0;
}

static bool counts(long nr) {
  static long calls;
  return counting && matters(nr) && ++calls == wanted;
}

// True when the tracer may go on.
static bool serve(pid_t tid, int status) {
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  const bool is_signal = event == 0 && signal != (SIGTRAP | 0x80);
  if (tracer != 0 && tid != tracer) {
    ptrace(PTRACE_DETACH, tid, NULL, is_signal ? (long)signal : 0L);
    forget(tid);
    return other_count == 0;
  }
  if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
    unsigned long child = 0;
    must(ptrace(PTRACE_GETEVENTMSG, tid, NULL, &child) == 0, "the child's pid");
    remember((pid_t)child);
  }
  const long nr = is_signal || event != 0 ? -1 : entered(tid);
  if (nr >= 0 && tracer == 0 && is_tracer(tid)) {
    tracer = tid;
    forget(tid);
    for (int i = 0; i < other_count; ++i) ptrace(PTRACE_INTERRUPT, others[i], NULL, NULL);
    if (other_count != 0) return false;
  }
  if (tid == tracer && nr >= 0 && counts(nr)) {
    say("killed %ld", nr);
    kill(tid, SIGKILL);
    return false;
  }
  ptrace(PTRACE_SYSCALL, tid, NULL, is_signal ? (long)signal : 0L);
  return false;
}

int main(int argc, char** argv) {
  const bool later = argc > 1 && strcmp(argv[1], "after") == 0;
  char** rest = argv + 1 + later;
  must(argc > 2 + later, "usage");
  wanted = atol(rest[0]);
  counting = !later;
  handle_signal(SIGUSR1, start_counting);
  const pid_t sonde = run(rest + 1);
  remember(sonde);
  say("sonde %d", sonde);
  for (;;) {
    int status = 0;
    const pid_t tid = waitpid(-1, &status, __WALL);
    if (tid < 0 && errno == EINTR) continue;
    if (tid < 0) return 0;
    bool resume = false;
    if (WIFSTOPPED(status)) {
      resume = serve(tid, status);
    } else {
      resume = forget(tid) && tracer != 0 && other_count == 0;
      if (tid == sonde) say("ended %d", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    }
    if (resume) ptrace(PTRACE_SYSCALL, tracer, NULL, NULL);
  }
}
