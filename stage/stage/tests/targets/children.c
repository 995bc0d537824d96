// Makes a child in each way there is; each marks its own number. Says the way, the child's tid and the mark.
#include <linux/sched.h>

#include "target.h"

static char stack[1 << 16] __attribute__((aligned(16)));

static int child_main(void* argument) {
  mark((int)(long)argument);
  syscall(SYS_exit_group, 0);
  return 0;
}

static void* thread_main(void* argument) {
  say("thread %d 1", own_tid());
  mark(1);
  return argument;
}

static void by_clone(const char* name, int flags, int number, int options) {
  int channel[2];
  must(pipe(channel) == 0, "pipe");
  const pid_t pid = clone(child_main, stack + sizeof stack, flags, (void*)(long)number);
  must(pid > 0, name);
  say("%s %d %d", name, pid, number);
  close(channel[1]);
  char end;
  must(read(channel[0], &end, 1) == 0, "read");  // The child has gone, whoever its parent is.
  close(channel[0]);
  if ((flags & CLONE_PARENT) == 0) must(status_of(pid, options) == 0, name);
}

int main(void) {
  say("ready %d", getpid());
  hear();

  pthread_t thread;
  must(pthread_create(&thread, NULL, thread_main, NULL) == 0, "pthread_create");
  pthread_join(thread, NULL);

  pid_t pid = fork();
  if (pid == 0) child_main((void*)2L);
  say("fork %d 2", pid);
  must(status_of(pid, 0) == 0, "fork");

  pid = vfork();
  if (pid == 0) {
    syscall(SYS_close, 9003);
    _exit(0);
  }
  say("vfork %d 3", pid);
  must(status_of(pid, 0) == 0, "vfork");

  by_clone("clone", SIGCHLD, 4, 0);
  by_clone("clone_parent", CLONE_PARENT | SIGCHLD, 5, 0);
  by_clone("clone_untraced", CLONE_UNTRACED | SIGCHLD, 6, 0);
  by_clone("clone_silent", 0, 7, __WALL);  // No signal at its end: neither a fork nor a thread.
  by_clone("clone_vm", CLONE_VM | CLONE_VFORK | SIGCHLD, 8, 0);

  struct clone_args arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.exit_signal = SIGCHLD;
  pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) child_main((void*)9L);
  must(pid > 0, "clone3");
  say("clone3 %d 9", pid);
  must(status_of(pid, 0) == 0, "clone3");

  memset(&arguments, 0, sizeof arguments);
  arguments.flags = CLONE_UNTRACED;
  arguments.exit_signal = SIGCHLD;
  pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) child_main((void*)10L);
  must(pid > 0, "clone3_untraced");
  must(arguments.flags == CLONE_UNTRACED, "flags as they were");
  say("clone3_untraced %d 10", pid);
  must(status_of(pid, 0) == 0, "clone3_untraced");

  say("done");
  return 0;
}
