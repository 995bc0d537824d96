// Everything that a program can see of how it was started. With and without a tracer it must be the same.
#include <dirent.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>

#include "target.h"

extern char** environ;

static void print_status(void) {
  FILE* status = fopen("/proc/self/status", "r");
  char line[512];
  while (fgets(line, sizeof line, status)) {
    static const char* const keys[] = {"SigQ",   "SigPnd",       "ShdPnd",  "SigBlk",  "SigIgn",
                                       "SigCgt", "Cpus_allowed", "Umask",   "Uid",     "Gid",
                                       "Groups", "CapInh",       "CapPrm",  "CapEff",  "CapBnd",
                                       "CapAmb", "NoNewPrivs",   "Seccomp", "Threads", "THP_enabled"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
      const size_t n = strlen(keys[i]);
      if (strcmp(keys[i], "SigQ") != 0 && strncmp(line, keys[i], n) == 0 && line[n] == ':')
        fputs(line, stdout);
    }
  }
  fclose(status);
}

static void print_fds(void) {
  DIR* folder = opendir("/proc/self/fd");
  for (const struct dirent* entry; (entry = readdir(folder));) {
    const int fd = atoi(entry->d_name);
    if (entry->d_name[0] == '.' || fd == dirfd(folder)) continue;
    struct stat st;
    fstat(fd, &st);
    printf("fd %d mode %o flags %x owner %d\n", fd, st.st_mode & S_IFMT, fcntl(fd, F_GETFL),
           fcntl(fd, F_GETFD));
  }
  closedir(folder);
}

int main(int argc, char** argv) {
  for (int i = 0; i < argc; ++i) printf("argument %s\n", argv[i]);
  for (char** entry = environ; *entry; ++entry) {
    if (strncmp(*entry, "_=", 2) != 0) printf("environment %s\n", *entry);
  }
  print_status();
  print_fds();
  const pid_t foreground = tcgetpgrp(open("/dev/tty", O_RDWR | O_CLOEXEC));
  printf("leads its group %d, session %d, group in the foreground %d, terminal %d\n", getpgrp() == getpid(),
         getsid(0) == getpid(), foreground == getpgrp(), foreground >= 0);
  char folder[4096];
  printf("folder %s, priority %d, policy %d\n", getcwd(folder, sizeof folder), getpriority(PRIO_PROCESS, 0),
         sched_getscheduler(0));
  int value = 0;
  prctl(PR_GET_CHILD_SUBREAPER, &value);
  printf("dumpable %d, subreaper %d, keepcaps %d\n", prctl(PR_GET_DUMPABLE), value, prctl(PR_GET_KEEPCAPS));
  prctl(PR_GET_PDEATHSIG, &value);
  printf("death signal %d, timer slack %d\n", value, prctl(PR_GET_TIMERSLACK));
  for (int i = 0; i < RLIM_NLIMITS; ++i) {
    struct rlimit limit;
    getrlimit(i, &limit);
    printf("limit %d %lx %lx\n", i, (long)limit.rlim_cur, (long)limit.rlim_max);
  }
  sigset_t pending;
  sigpending(&pending);
  for (int i = 1; i < 65; ++i) {
    struct sigaction action;
    if (sigaction(i, NULL, &action) != 0) continue;
    if (action.sa_handler != SIG_DFL) printf("signal %d handler %ld\n", i, (long)action.sa_handler);
    if (sigismember(&pending, i)) printf("signal %d pending\n", i);
  }
  return 0;
}
