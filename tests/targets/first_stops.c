// The smallest tracer of a PROGRAM and its children: says how many of these stopped for the first time before
// their parent's event told of them, and of how many that is. The program is no child of it, as it is none of
// sonde's tracer: wait4(2) reports its children first, and other tracees after them, the newest first.
#include <sys/prctl.h>
#include <sys/ptrace.h>

#include "target.h"

enum { children_max = 4096 };

static pid_t told[children_max];
static int told_count;

static int was_told(pid_t child) {
  for (int i = 0; i < told_count; ++i) {
    if (told[i] == child) return 1;
  }
  must(told_count < children_max, "too many children");
  told[told_count++] = child;
  return 0;
}

static int makes_task(int event) {
  return event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE;
}

static void trace(pid_t program, int ready) {
  must(ptrace(PTRACE_SEIZE, program, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE) == 0,
       "seize");
  close(ready);
  int early = 0;
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
    if (!WIFSTOPPED(status)) continue;
    const int event = status >> 16;
    if (makes_task(event)) {
      unsigned long child = 0;
      must(ptrace(PTRACE_GETEVENTMSG, pid, 0, &child) == 0, "message");
      early += was_told((pid_t)child);
    } else if (event == PTRACE_EVENT_STOP) {
      was_told(pid);
    }
    ptrace(PTRACE_CONT, pid, 0, event != 0 ? 0 : WSTOPSIG(status));
  }
  say("early %d of %d", early, told_count);
}

int main(int argc, char** argv) {
  must(argc > 1, "PROGRAM");
  int ready[2];
  must(pipe(ready) == 0, "pipe");
  const pid_t program = getpid();
  const pid_t tracer = fork();
  must(tracer >= 0, "fork");
  if (tracer == 0) {
    close(ready[0]);
    trace(program, ready[1]);
    _exit(0);
  }
  prctl(PR_SET_PTRACER, tracer, 0, 0, 0);
  close(ready[1]);
  char end;
  must(read(ready[0], &end, 1) == 0, "read");
  execv(argv[1], argv + 1);
  must(0, argv[1]);
}
