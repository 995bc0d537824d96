// Makes many calls with arguments of every sort, right and wrong, for their lines to be compared.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include "raw_call.h"
int main() {
  char b[8192];
  memset(b, 0, sizeof b);
  char* p = mmap((void*)0x20000000, 16384, 3, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0);
  int d = open("/etc/passwd", O_RDONLY);
  syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_DENYWRITE, d, 0x1000);
  syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_GROWSDOWN, MAP_SHARED_VALIDATE | MAP_SYNC, d, 0);
  syscall(SYS_mmap, 0, 4096, PROT_READ, 0, d, 0x1001);
  syscall(SYS_mmap, 0, 4096, PROT_READ,
          MAP_ANON | MAP_STACK | MAP_GROWSDOWN | MAP_NORESERVE | MAP_HUGETLB | MAP_SHARED, d, 0x1001);
  syscall(SYS_mmap, 0, 4096, PROT_READ,
          MAP_FIXED_NOREPLACE | MAP_PRIVATE | MAP_ANON | MAP_POPULATE | MAP_LOCKED | MAP_NONBLOCK | MAP_32BIT,
          -1, 0);
  syscall(SYS_mprotect, p, 4096, PROT_NONE);
  syscall(SYS_mprotect, p, 4096, PROT_READ | PROT_WRITE | PROT_GROWSUP | 8);
  syscall(SYS_pkey_mprotect, p, 4096, 3, -1);
  syscall(SYS_mremap, p, 4096, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, 0x30000000);
  syscall(SYS_mremap, 0x30000000, 4096, 8192, MREMAP_MAYMOVE);
  syscall(SYS_mremap, 0x30000000, 4096, 8192, 0);
  syscall(SYS_mremap, 0x30000000, 4096, 8192, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0x1234);
  syscall(SYS_madvise, p, 4096, MADV_DONTNEED);
  syscall(SYS_madvise, p, 4096, MADV_NORMAL);
  syscall(SYS_madvise, p, 4096, 99);
  syscall(SYS_madvise, p, 4096, MADV_HUGEPAGE);
  syscall(SYS_brk, 0);
  syscall(SYS_brk, 0x1234);
  syscall(SYS_mincore, p + 4096, 12288, b);
  syscall(SYS_mincore, p, 4096 * 4, b);
  syscall(SYS_mincore, p + 1, 4096 * 4, b);
  syscall(SYS_mincore, p + 4096, 0, b);
  syscall(SYS_mlock, p + 4096, 4096);
  syscall(SYS_mlock2, p + 4096, 4096, 1);
  syscall(SYS_mlock2, p, 4096, 0);
  syscall(SYS_munlock, p, 4096);
  syscall(SYS_mlockall, MCL_CURRENT | MCL_ONFAULT | 8);
  syscall(SYS_munlockall);
  syscall(SYS_msync, p, 4096, MS_SYNC);
  syscall(SYS_msync, p, 4096, MS_ASYNC | MS_INVALIDATE);
  syscall(SYS_remap_file_pages, p, 4096, 0, 3, MAP_SHARED);
  syscall(SYS_munmap, p, 4096);
  syscall(SYS_memfd_create, "name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  syscall(SYS_memfd_create, "name", 0);
  syscall(SYS_memfd_create, "name", MFD_HUGETLB | (21 << 26) | 0x100);
  char longn[300];
  memset(longn, 'a', 299);
  longn[299] = 0;
  syscall(SYS_memfd_create, longn, 1);
  syscall(SYS_mbind, p + 4096, 4096, 1, 0, 0, 0);
  unsigned long mask = 5;
  syscall(SYS_mbind, p + 4096, 4096, 2 | (1 << 14), &mask, 64, 3);
  syscall(SYS_set_mempolicy, 1, &mask, 64);
  int mode;
  syscall(SYS_get_mempolicy, &mode, &mask, 64, p + 4096, 2);
  syscall(SYS_get_mempolicy, &mode, &mask, 1024, 0, 0);
  syscall(SYS_migrate_pages, 0, 64, &mask, &mask);
  void* pg[2] = {p + 4096, p + 8192};
  int nodes[2] = {0, 1}, stt[2];
  syscall(SYS_move_pages, 0, 2, pg, nodes, stt, 2);
  syscall(SYS_move_pages, 0, 2, pg, 0, stt, 0);
  syscall(SYS_pkey_alloc, 0, 1);
  syscall(SYS_pkey_alloc, 0, 3);
  syscall(SYS_pkey_free, 1);
  syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1);
  syscall(440, 3, b, 1, MADV_COLD, 0); /*process_madvise*/
  struct iovec iv[3] = {{"abc", 3}, {"12345678901234567890123456789012345", 35}, {(void*)8, 2}};
  syscall(440, 3, iv, 2, 20, 0);
  syscall(440, 3, iv, 2, 21, 1);
  syscall(SYS_membarrier, 0, 0, 0);
  syscall(SYS_membarrier, 1, 0);
  syscall(SYS_membarrier, 99, 1);
  // io
  syscall(SYS_read, d, b, 10);
  syscall(SYS_read, d, b, 100);
  syscall(SYS_read, 99, b, 100);
  syscall(SYS_read, d, b, 0);
  syscall(SYS_pread64, d, b, 10, 5L);
  syscall(SYS_pread64, d, b, 10, -5L);
  syscall(SYS_pwrite64, 99, "hello", 5, 10L);
  struct iovec r[3] = {{b, 5}, {b + 100, 40}, {b + 200, 3000}};
  syscall(SYS_readv, d, r, 3);
  lseek(d, 0, 0);
  r[1].iov_len = 10;
  syscall(SYS_readv, d, r, 2);
  syscall(SYS_readv, 99, r, 2);
  syscall(SYS_preadv, d, r, 3, 2L, 0);
  syscall(SYS_preadv2, d, r, 2, -1L, -1L, 1 | 8);
  syscall(SYS_preadv2, d, r, 2, 0L, 0L, 0);
  lseek(d, 0, SEEK_END);
  syscall(SYS_readv, d, r, 2);
  syscall(SYS_writev, 99, iv, 2);
  syscall(SYS_writev, 99, iv, 3);
  syscall(SYS_writev, 99, iv, 0);
  syscall(SYS_writev, 99, 0, 0);
  syscall(SYS_writev, 99, 0, 3);
  syscall(SYS_writev, 99, 8, 3);
  syscall(SYS_pwritev, 99, iv, 1, 7L, 1L);
  syscall(SYS_pwritev2, 99, iv, 1, 7L, 0L, 0x1f | 0x100);
  struct iovec many[40];
  for (int i = 0; i < 40; i++) many[i] = (struct iovec){"x", 1};
  syscall(SYS_writev, 99, many, 40);
  struct iovec* edge = (struct iovec*)(p + 16384 - 16);
  *edge = iv[0];
  syscall(SYS_writev, 99, edge, 2);
  syscall(SYS_vmsplice, 99, iv, 2, SPLICE_F_GIFT | SPLICE_F_NONBLOCK);
  syscall(SYS_process_vm_readv, getpid(), r, 2, iv, 2, 0L);
  syscall(SYS_process_vm_writev, getpid(), iv, 1, r, 1, 0L);
  long off = 3;
  syscall(SYS_sendfile, 99, d, &off, 10L);
  off = 0;
  syscall(SYS_sendfile, 1, d, &off, 0L);
  syscall(SYS_sendfile, 99, d, 0, 10L);
  int nul = open("/dev/null", 1);
  syscall(SYS_sendfile, nul, d, &off, 10L);
  int pp[2];
  syscall(SYS_pipe2, pp, O_CLOEXEC | O_NONBLOCK);
  syscall(SYS_pipe, pp);
  syscall(SYS_pipe, 8);
  syscall(SYS_pipe2, pp, 0);
  syscall(SYS_pipe2, pp, O_DIRECT);
  syscall(SYS_pipe2, 8, 0);
  off = 5;
  syscall(SYS_splice, d, &off, pp[1], 0, 10L, SPLICE_F_MOVE | SPLICE_F_MORE);
  syscall(SYS_splice, d, 0, pp[1], &off, 10L, 0);
  syscall(SYS_tee, pp[0], 99, 10L, SPLICE_F_NONBLOCK);
  long off2 = 9;
  syscall(SYS_copy_file_range, d, &off, 99, &off2, 10L, 0);
  syscall(SYS_copy_file_range, d, 0, 99, 0, 10L, 0);
  syscall(SYS_dup, d);
  syscall(SYS_dup, 99);
  syscall(SYS_dup2, d, 50);
  syscall(SYS_dup3, d, 51, O_CLOEXEC);
  syscall(SYS_dup3, d, 51, 0);
  syscall(SYS_dup3, d, 52, 1);
  syscall(SYS_close, 50);
  syscall(SYS_close, -1);
  syscall(436, 200, 300, 0);
  syscall(436, 200, ~0U, 2 | 4);
  syscall(436, 200, ~0U, 8);
  syscall(SYS_getrandom, b, 8, 0);
  syscall(SYS_getrandom, b, 40, 1 | 2);
  syscall(SYS_getrandom, b, 8, 0xf8);
  syscall(SYS_eventfd, 3);
  syscall(SYS_eventfd2, 3, O_CLOEXEC | O_NONBLOCK | 1);
  syscall(SYS_eventfd2, 3, 0);
  unsigned long ss = (1UL << (SIGINT - 1)) | (1UL << (SIGCHLD - 1)) | (1UL << 33);
  syscall(SYS_signalfd, -1, &ss, 8);
  syscall(SYS_signalfd4, -1, &ss, 8, O_CLOEXEC | O_NONBLOCK);
  syscall(SYS_signalfd4, -1, &ss, 8, 0);
  syscall(SYS_timerfd_create, 1, O_CLOEXEC | O_NONBLOCK);
  int tf = syscall(SYS_timerfd_create, 7, 0);
  long its[4] = {1, 500000000, 2, 3}, old[4];
  syscall(SYS_timerfd_settime, tf, 0, its, old);
  syscall(SYS_timerfd_settime, tf, 1 | 2, its, 0);
  syscall(SYS_timerfd_gettime, tf, old);
  syscall(SYS_timerfd_gettime, 99, old);
  its[1] = 5000000000;
  syscall(SYS_timerfd_settime, tf, 0, its, old);
  int in = syscall(SYS_inotify_init1, O_CLOEXEC | O_NONBLOCK);
  syscall(SYS_inotify_init);
  syscall(SYS_inotify_init1, 0);
  syscall(SYS_inotify_add_watch, in, ".", 0x80000000 | 0x102);
  syscall(SYS_inotify_add_watch, in, ".", 0xfff);
  syscall(SYS_inotify_rm_watch, in, 1);
  syscall(SYS_inotify_rm_watch, in, 77);
  syscall(434, getpid(), 0);
  syscall(434, getpid(), O_NONBLOCK);
  syscall(438, d, 5, 0);
  syscall(424, d, SIGTERM, 0, 0);
  syscall(300, 0x10 | 8 | 1, O_RDONLY | O_CLOEXEC);
  syscall(300, 4 | 2, 0);
  syscall(301, 99, 1 | 0x10, 0x20 | 8 | 0x40000000, AT_FDCWD, ".");
  return 0;
}
