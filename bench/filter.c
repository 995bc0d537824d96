// What a seccomp filter costs by itself: installs the one that sonde gives the kernel for
// `syscall == "write" && fd == 77`, but with no tracer behind it, and runs a program.
//
// usage: filter PROGRAM [ARG...]
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  struct sock_filter filter[] = {
      LOAD(arch),
      UNLESS(AUDIT_ARCH_X86_64, 5),
      LOAD(nr),
      UNLESS(SYS_write, 3),
      LOAD(args[0]),
      UNLESS(77, 1),
      RETURN(SECCOMP_RET_TRACE),
      RETURN(SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) != 0) {
    perror("filter: seccomp");
    return 1;
  }
  execvp(argv[1], argv + 1);
  perror("filter: execvp");
  return 127;
}
