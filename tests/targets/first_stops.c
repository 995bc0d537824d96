// The smallest tracer of a PROGRAM and its children: says how many of these have stopped for the first time
// before their parent's event told of them ("early"), how many no event has told of ("untold"), and how many
// of those came after the program's end ("late"). The program is no child of it, as it is none of sonde's
// tracer: wait4(2) reports its children first, and other tracees after them, the newest first.
#include <sys/prctl.h>
#include <sys/ptrace.h>

#include "target.h"

enum { children_max = 4096 };

static struct {
  pid_t pid;
  int stopped;
  int told;
  int early;
  int late;
} children[children_max];
static int count;
static int program_ended;

static int child_of(pid_t pid) {
  for (int i = 0; i < count; ++i) {
    if (children[i].pid == pid) return i;
  }
  must(count < children_max, "too many children");
  children[count].pid = pid;
  return count++;
}

static int makes_task(int event) {
  return event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE;
}

static void on_new_task(pid_t parent) {
  unsigned long pid = 0;
  if (ptrace(PTRACE_GETEVENTMSG, parent, 0, &pid) != 0) return;
  const int child = child_of((pid_t)pid);
  children[child].told = 1;
  children[child].early = children[child].stopped;
}

static void on_first_stop(pid_t pid) {
  const int child = child_of(pid);
  if (children[child].stopped) return;
  children[child].stopped = 1;
  children[child].late = program_ended;
}

static void say_counts(void) {
  int early = 0;
  int untold = 0;
  int late = 0;
  for (int i = 0; i < count; ++i) {
    early += children[i].early;
    untold += !children[i].told;
    late += !children[i].told && children[i].late;
  }
  say("of %d: early %d, untold %d, late %d", count, early, untold, late);
}

static void trace(pid_t program, int ready) {
  must(ptrace(PTRACE_SEIZE, program, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE) == 0,
       "seize");
  close(ready);
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
    if (!WIFSTOPPED(status)) {
      program_ended |= pid == program;
      continue;
    }
    const int event = status >> 16;
    if (makes_task(event)) on_new_task(pid);
    if (event == PTRACE_EVENT_STOP && pid != program) on_first_stop(pid);
    ptrace(PTRACE_CONT, pid, 0, event != 0 ? 0 : WSTOPSIG(status));
  }
  say_counts();
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
