// Calls whose arguments point to what points further: control blocks, programs, lists of descriptors, of
// ranges.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raw_call.h"

static void programs(void) {
  struct bpf_insn code[] = {{0xb7, 0, 0, 0, 0}, {0x95, 0, 0, 0, 0}};
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.prog_type = 1;
  a.insn_cnt = 2;
  a.insns = (long)code;
  a.license = (long)"a license of more than 32 letters, so that it is cut";
  a.prog_btf_fd = 99;  // Fails for everybody, root or not.
  syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof a);
  a.license = 8;
  syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof a);
  a.license = (long)"GPL";
  a.insns = 8;
  syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof a);
  memset(&a, 0, sizeof a);
  a.pathname = (long)"/nowhere/object";
  a.bpf_fd = 99;
  syscall(SYS_bpf, BPF_OBJ_PIN, &a, sizeof a);
  syscall(SYS_bpf, BPF_OBJ_GET, &a, sizeof a);
}

static void children(void) {
  int tids[2] = {4242424, 4};
  struct clone_args c;
  memset(&c, 0, sizeof c);
  c.exit_signal = SIGCHLD;
  c.flags = 1ULL << 63;  // No child, whatever else is asked for.
  c.set_tid = (long)tids;
  for (c.set_tid_size = 0; c.set_tid_size < 3; c.set_tid_size++) syscall(SYS_clone3, &c, sizeof c);
  c.set_tid_size = 99;
  syscall(SYS_clone3, &c, sizeof c);
  c.set_tid = 8;
  c.set_tid_size = 2;
  syscall(SYS_clone3, &c, sizeof c);
}

static void ranges(void) {
  const int a = open("a", O_RDWR | O_CREAT | O_TRUNC, 0600), b = open("b", O_RDWR | O_CREAT | O_TRUNC, 0600);
  char block[8192];
  memset(block, 7, sizeof block);
  write(a, block, sizeof block);
  write(b, block, sizeof block);
  struct {
    struct file_dedupe_range head;
    struct file_dedupe_range_info to[3];
  } d = {{0, 4096, 2}, {{b, 0}, {a, 4096}}};
  ioctl(a, FIDEDUPERANGE, &d);
  ioctl(99, FIDEDUPERANGE, &d);
  d.head.dest_count = 0;
  ioctl(99, FIDEDUPERANGE, &d);
  ioctl(a, FIDEDUPERANGE, 8);
  struct fiemap map;
  memset(&map, 0, sizeof map);
  map.fm_length = ~0ULL;
  map.fm_flags = FIEMAP_FLAG_SYNC;
  ioctl(a, FS_IOC_FIEMAP, &map);
  map.fm_flags = 0x100;
  ioctl(a, FS_IOC_FIEMAP, &map);
  ioctl(99, FS_IOC_FIEMAP, &map);
  ioctl(a, FS_IOC_FIEMAP, 8);
}

static void rings(void) {
  struct {
    struct io_uring_probe head;
    struct io_uring_probe_op ops[60];
  } probe;
  memset(&probe, 0, sizeof probe);
  syscall(SYS_io_uring_register, 99, IORING_REGISTER_PROBE, &probe, 3);
  probe.head.last_op = 7;
  probe.head.resv2[1] = 9;
  probe.ops[1].op = 250;
  probe.ops[1].resv = 3;
  probe.ops[2].flags = 3;
  syscall(SYS_io_uring_register, 99, IORING_REGISTER_PROBE, &probe, 0);
  syscall(SYS_io_uring_register, 99, IORING_REGISTER_PROBE, &probe, 3);
  syscall(SYS_io_uring_register, 99, IORING_REGISTER_PROBE, &probe, 60);
  syscall(SYS_io_uring_register, 99, IORING_REGISTER_PROBE, 8, 3);
  int fds[3] = {0, -1, -2};
  struct io_uring_files_update update = {1, 0, (unsigned long)fds};
  syscall(SYS_io_uring_register, 99, IORING_REGISTER_FILES_UPDATE, &update, 3);
  update.resv = 3;
  update.fds = 8;
  syscall(SYS_io_uring_register, 99, IORING_REGISTER_FILES_UPDATE, &update, 1);
  syscall(SYS_io_uring_register, 99, IORING_REGISTER_FILES_UPDATE, 8, 1);
}

int main(void) {
  programs();
  children();
  ranges();
  rings();
  return 0;
}
