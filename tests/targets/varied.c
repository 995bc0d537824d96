// Calls of many kinds, right and wrong, by a leader, a thread, a 32-bit gate, children of each kind, a task
// with a filter of its own and a program executed anew: the same ones in each run, for traces of it to be
// compared. One task runs at a time. It waits for nobody: what it needs it makes.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "target.h"

static int null_fd;

static void on_signal(int signal) { (void)signal; }

static void files(void) {
  char buffer[256] = "";
  struct stat status;
  int fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC);
  must(fd >= 0, "open");
  while (read(fd, buffer, 3) == 3) {
  }
  fstat(fd, &status);
  lseek(fd, -2, SEEK_END);
  pread(fd, buffer, sizeof buffer, 1);
  close(fd);
  open("/nowhere/at all", O_RDWR | O_CREAT | O_EXCL, 0644);
  openat(-100, "/nowhere", O_WRONLY | O_TRUNC);
  openat(null_fd, "relative", O_RDONLY | O_DIRECTORY);
  access("/etc/passwd", R_OK);
  access("/etc/shadow-not-there", R_OK | W_OK);
  stat("/usr", &status);
  lstat("/usr/../usr/lib", &status);
  readlink("/proc/self/exe", buffer, sizeof buffer);
  chdir("/usr");
  chdir("/");
  // "/tmp" as the name of nothing: a path that cannot be read, and one without an end.
  syscall(SYS_unlink, 8L);
  syscall(SYS_mkdir, -1L, 0700L);
  write(null_fd, buffer, 0);
  write(null_fd, buffer, 200);
  const struct iovec pieces[2] = {{buffer, 5}, {buffer + 5, 7}};
  writev(null_fd, pieces, 2);
  dup2(null_fd, 77);
  fcntl(77, F_GETFD);
  fcntl(77, F_SETFD, FD_CLOEXEC);
  fcntl(77, F_GETFL);
  fcntl(77, F_DUPFD, 100);
  ioctl(77, FIONREAD, buffer);
  ioctl(100, TIOCGWINSZ, buffer);
  close(100);
  close(77);
  close(77);
  close(-1);
}

static void odd_registers(void) {
  // The upper halves of int arguments do not count; those of sizes and addresses do.
  syscall(SYS_close, 0x100000000L + 900);
  syscall(SYS_close, (long)0xffffffff00000384L);
  syscall(SYS_lseek, 0x7700000003L, -5L, 0x100000000L);
  syscall(SYS_read, null_fd, 8L, 0x100000000L);
  syscall(SYS_madvise, 0x10000L, 0x7fffffffffffffffL, 4L);
  syscall(SYS_ftruncate, 900, -1L);
  syscall(SYS_kill, getpid(), 0x300000000L);
  syscall(1000);
  syscall(334 + 70);
  syscall(-1);
}

static void memory_and_sockets(void) {
  char* pages = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(pages, 4096, PROT_NONE);
  write(null_fd, pages, 64);
  mmap(NULL, 4096, PROT_READ, MAP_SHARED, 900, 0);
  munmap(pages, 8 * 4096);
  munmap((void*)1, 4096);
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
  send(pair[0], "four", 4, MSG_NOSIGNAL);
  char got[16];
  recv(pair[1], got, sizeof got, MSG_DONTWAIT);
  recv(pair[1], got, sizeof got, MSG_DONTWAIT);
  shutdown(pair[0], SHUT_RDWR);
  socket(AF_INET, 77, 0);
  close(pair[0]);
  close(pair[1]);
}

static void signals(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGKILL, &action, NULL);
  raise(SIGUSR1);
  kill(getpid(), 0);
  kill(getpid(), 99);
  prctl(PR_SET_NAME, "varied-name");
  prctl(PR_GET_DUMPABLE);
  prctl(-5);
}

static void by_the_32_bit_gate(void) {
#ifdef __x86_64__
  const long calls[][3] = {{6, 901, 0}, {3, 900, 8}, {45, 0, 0}, {19, 3, -7}, {999, 1, 2}, {55, null_fd, 1}};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; ++i) {
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(calls[i][0]), "b"(calls[i][1]), "c"(calls[i][2]), "d"(0L)
                     : "memory", "r8", "r9", "r10", "r11");
  }
#endif
}

static void* in_a_thread(void* argument) {
  const int fd = open("/dev/zero", O_RDONLY);
  char bytes[32];
  read(fd, bytes, sizeof bytes);
  close(fd);
  mark(10);
  return argument;
}

// The kernel asks this filter as well as the tracer's.
static void filter_itself(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_access, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0, "seccomp");
  must(access("/etc/passwd", R_OK) == -1 && errno == EXDEV, "access");
  files();
  const pid_t child = fork();
  if (child == 0) {
    access("/", X_OK);
    mark(11);
    _exit(4);
  }
  must(status_of(child, 0) == 4, "grandchild");
}

static void children(void) {
  pid_t pid = fork();
  if (pid == 0) {
    files();
    _exit(1);
  }
  must(status_of(pid, 0) == 1, "fork");
  pid = vfork();
  if (pid == 0) {
    syscall(SYS_close, 9012);
    _exit(2);
  }
  must(status_of(pid, 0) == 2, "vfork");
  pid = (pid_t)syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) {
    mark(13);
    _exit(3);
  }
  must(status_of(pid, 0) == 3, "clone");
  pid = fork();
  if (pid == 0) {
    filter_itself();
    _exit(5);
  }
  must(status_of(pid, 0) == 5, "filtered child");
  pid = fork();
  if (pid == 0) {
    kill(getpid(), SIGTERM);
    _exit(6);
  }
  must(status_of(pid, 0) == 128 + SIGTERM, "killed child");
}

int main(int argc, char** argv) {
  null_fd = open("/dev/null", O_RDWR);
  files();
  if (argc > 1) return 9;
  odd_registers();
  memory_and_sockets();
  signals();
  by_the_32_bit_gate();
  pthread_t thread;
  must(pthread_create(&thread, NULL, in_a_thread, NULL) == 0, "pthread_create");
  pthread_join(thread, NULL);
  children();
  say("done");
  execl(argv[0], argv[0], "again", NULL);
  must(0, "exec");
  return 0;
}
