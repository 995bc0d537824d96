// Hands secrets to the kernel in every way that a trace could show them, each by a name of its own, and says
// the names. What fails is tried nevertheless: a trace shows what was asked for.
//   secrets strings | paths | env | executed
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "target.h"

static char names[2048];
static char kept[64][64];

// The secret of that name, in memory of its own.
static char* secret(const char* name) {
  static int used;
  char* text = kept[used++];
  snprintf(text, sizeof kept[0], "SECRET-%s", name);
  strcat(strcat(names, " "), name);  // By halves, since what is said is traced as well.
  return text;
}
static unsigned long address(const void* p) { return (unsigned long)p; }

static void through_sockets(void) {
  int pair[2];
  char into[64];
  must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0, "socketpair");
  char* text = secret("sendto");
  send(pair[0], text, strlen(text), 0);
  memset(text, 0, strlen(text));
  recv(pair[1], into, sizeof into, 0);
  memset(into, 0, sizeof into);
  text = secret("sendmsg");
  struct iovec vector = {text, strlen(text)};
  struct msghdr message = {0, 0, &vector, 1, 0, 0, 0};
  sendmsg(pair[0], &message, 0);
  vector.iov_base = into;
  vector.iov_len = sizeof into;
  recvmsg(pair[1], &message, 0);
  text = secret("sockopt");
  setsockopt(pair[0], 279, 1, text, (socklen_t)strlen(text));  // SOL_ALG, ALG_SET_KEY
  text = secret("congestion");
  setsockopt(pair[0], 6, 13, text, (socklen_t)strlen(text));  // TCP_CONGESTION
  struct {
    struct nlmsghdr head;
    struct rtgenmsg any;
    char text[64];
  } request = {{0, RTM_GETLINK, NLM_F_REQUEST, 1, 0}, {0}, {0}};
  strcpy(request.text, secret("netlink"));
  request.head.nlmsg_len = sizeof request;
  const int route = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  send(route, &request, sizeof request, 0);
}

static void through_files(void) {
  const int file = open("data", O_RDWR | O_CREAT, 0600);
  char* text = secret("write");
  must(write(file, text, strlen(text)) > 0, "write");
  text = secret("pwritev");
  struct iovec vector = {text, strlen(text)};
  must(pwritev(file, &vector, 1, 64) > 0, "pwritev");
  char into[64] = "";
  must(pread(file, into, sizeof into, 64) > 0, "pread");
  text = secret("xattr");
  setxattr("data", "user.x", text, strlen(text), 0);
  int pipes[2];
  must(pipe(pipes) == 0, "pipe");
  text = secret("vmsplice");
  vector.iov_base = text;
  vector.iov_len = strlen(text);
  vmsplice(pipes[1], &vector, 1, 0);
  aio_context_t context = 0;
  must(syscall(SYS_io_setup, 4, &context) == 0, "io_setup");
  text = secret("io_submit");
  struct iocb block = {.aio_lio_opcode = IOCB_CMD_PWRITE,
                       .aio_fildes = (unsigned)file,
                       .aio_buf = address(text),
                       .aio_nbytes = strlen(text)};
  struct iocb* blocks[2] = {&block};
  syscall(SYS_io_submit, context, 1, blocks);
}

static void through_the_rest(void) {
  struct {
    long type;
    char text[64];
  } message = {1, ""};
  strcpy(message.text, secret("msgsnd"));
  syscall(SYS_msgsnd, -1, &message, strlen(message.text), 0);
  char* text = secret("mq");
  syscall(SYS_mq_timedsend, -1, text, strlen(text), 0, 0);
  text = secret("add_key");
  syscall(SYS_add_key, "user", secret("key"), text, strlen(text), -99);
  prctl(PR_SET_NAME, secret("name"));
  syscall(SYS_memfd_create, secret("memfd"), 0xffff);
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.license = address(secret("license"));
  attr.insn_cnt = 1;
  syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
  syscall(SYS_mount, "none", "/nowhere", "tmpfs", 0L, secret("mount"));
  syscall(SYS_fsconfig, -1, 1, "key", secret("fsconfig"), 0);
}

static void strings(const char* self) {
  through_sockets();
  through_files();
  through_the_rest();
  char* argument = secret("argument");
  say("%s", names);
  execl(self, self, "executed", argument, (char*)0);
}

static struct sockaddr_un unix_address(const char* path) {
  struct sockaddr_un made = {.sun_family = AF_UNIX};
  strcpy(made.sun_path, path);
  return made;
}

static void socket_paths(void) {
  struct sockaddr_un bound = unix_address(secret("bound")), asked = unix_address(secret("asked")), from;
  socklen_t length = sizeof from;
  const int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
  must(bind(a, (void*)&bound, sizeof bound) == 0, "bind");
  connect(b, (void*)&asked, sizeof asked);
  getsockname(a, (void*)&from, &length);
  struct sockaddr_un other = unix_address(secret("msg_name"));
  struct iovec vector = {"x", 1};
  struct msghdr message = {&other, sizeof other, &vector, 1, 0, 0, 0};
  sendmsg(b, &message, 0);
  struct sockaddr_un sender = unix_address(secret("sender"));
  must(bind(b, (void*)&sender, sizeof sender) == 0, "bind");
  memset(&sender, 0, sizeof sender);
  sendto(b, "x", 1, 0, (void*)&bound, sizeof bound);
  char into[8];
  length = sizeof from;
  recvfrom(a, into, sizeof into, 0, (void*)&from, &length);
  must(write(a, "x", 1) < 0, "write");  // -yy tells what the socket is bound to.
}

static void paths(const char* self) {
  socket_paths();
  char* place = secret("folder");
  must(mkdir(place, 0700) == 0 && chdir(place) == 0, "mkdir");
  char into[4096];
  syscall(SYS_getcwd, into, sizeof into);
  const int file = open(secret("file"), O_RDWR | O_CREAT, 0600);
  must(write(file, "x", 1) == 1, "write");
  must(symlink(secret("pointed-to"), "link") == 0, "symlink");
  must(readlink("link", into, sizeof into) > 0, "readlink");
  const int folder = open(".", O_RDONLY | O_DIRECTORY);
  must(syscall(SYS_getdents64, folder, into, sizeof into) > 0, "getdents64");
  lseek(folder, 0, SEEK_SET);
  must(syscall(SYS_getdents, folder, into, sizeof into) > 0, "getdents");
  syscall(SYS_mount, secret("source"), "/nowhere/SECRET-folder", "overlay", 0L, secret("lowerdir"));
  syscall(SYS_fsconfig, -1, 1, "source", secret("fsconfig"), 0);
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.pathname = address(secret("pinned"));
  syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof attr);
  prctl(PR_SET_NAME, "/SECRET-comm");
  char* program = secret("program");
  must(symlink(self, program) == 0, "symlink");
  say("%s", names);
  execl(program, "x", "executed", (char*)0);
}

static void environment(const char* self) {
  char* variable = secret("variable");
  char* environment[] = {variable, 0};
  say("%s", names);
  execle(self, self, "executed", (char*)0, environment);
}

int main(int argc, char** argv) {
  must(argc > 1, "an argument");
  char self[4096];
  const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  must(n > 0, "readlink");
  self[n] = 0;
  if (strcmp(argv[1], "strings") == 0) strings(self);
  if (strcmp(argv[1], "paths") == 0) paths(self);
  if (strcmp(argv[1], "env") == 0) environment(self);
  return strcmp(argv[1], "executed") != 0;
}
