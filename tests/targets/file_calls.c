// Makes many calls with arguments of every sort, right and wrong, for their lines to be compared.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "raw_call.h"
int main() {
  struct stat st;
  struct statfs sf;
  char b[300];
  memset(b, 0x55, 300);
  int d = open(".", O_RDONLY | O_DIRECTORY);
  syscall(SYS_stat, "/etc/passwd", &st);
  syscall(SYS_stat, "/nope", &st);
  syscall(SYS_stat, "/etc/passwd", 0);
  syscall(SYS_stat, "/etc/passwd", 8);
  syscall(SYS_lstat, "/dev/null", &st);
  syscall(SYS_fstat, 0, &st);
  syscall(SYS_newfstatat, d, "a.c", &st, AT_SYMLINK_NOFOLLOW);
  syscall(SYS_newfstatat, d, "", &st, AT_EMPTY_PATH);
  syscall(SYS_newfstatat, d, "/nope", &st, 0x8000);
  syscall(SYS_statfs, "/", &sf);
  syscall(SYS_statfs, "/proc", &sf);
  syscall(SYS_fstatfs, d, &sf);
  syscall(SYS_fstatfs, 99, &sf);
  syscall(SYS_statx, AT_FDCWD, "/etc/passwd", AT_STATX_FORCE_SYNC | AT_NO_AUTOMOUNT, STATX_ALL, b);
  syscall(SYS_statx, AT_FDCWD, "/etc/passwd", AT_STATX_SYNC_AS_STAT, STATX_BASIC_STATS | STATX_BTIME | 0x1000,
          b);
  syscall(SYS_statx, AT_FDCWD, "/dev/null", 0, STATX_MODE, b);
  syscall(SYS_statx, AT_FDCWD, "/nope", 0x4000, STATX_MODE, b);
  syscall(SYS_access, "/", R_OK | X_OK);
  syscall(SYS_access, "/", 0);
  syscall(SYS_access, "/", 077);
  syscall(SYS_faccessat, AT_FDCWD, "/", R_OK);
  syscall(439, AT_FDCWD, "/", R_OK | W_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW);
  syscall(439, AT_FDCWD, "/", R_OK | W_OK, 0);
  syscall(SYS_mkdir, "dd", 0755);
  syscall(SYS_mkdirat, AT_FDCWD, "dd", 01777);
  syscall(SYS_rmdir, "dd");
  syscall(SYS_mknod, "nn", S_IFIFO | 0644, 0);
  syscall(SYS_mknod, "nn2", S_IFCHR | 0644, makedev(1, 3));
  syscall(SYS_mknodat, AT_FDCWD, "nn2", S_IFBLK | 0644, makedev(0x1234, 0x34567));
  syscall(SYS_mknodat, AT_FDCWD, "nn", 0644, makedev(0x12, 0x345));
  syscall(SYS_mknod, "nn", 0170644, 5);
  syscall(SYS_mknod, "nn", 0, 5);
  syscall(SYS_unlink, "nn");
  syscall(SYS_unlink, "nn2");
  syscall(SYS_unlinkat, AT_FDCWD, "nn", AT_REMOVEDIR);
  syscall(SYS_unlinkat, d, "nn", 0);
  syscall(SYS_unlinkat, d, "nn", 3);
  syscall(SYS_rename, "x1", "x2");
  syscall(SYS_renameat, d, "x1", AT_FDCWD, "x2");
  syscall(SYS_renameat2, d, "x1", AT_FDCWD, "x2", RENAME_NOREPLACE | RENAME_EXCHANGE);
  syscall(SYS_renameat2, d, "x1", AT_FDCWD, "x2", 0);
  syscall(SYS_renameat2, d, "x1", AT_FDCWD, "x2", 8);
  syscall(SYS_link, "x1", "x2");
  syscall(SYS_linkat, d, "x1", AT_FDCWD, "x2", AT_SYMLINK_FOLLOW | AT_EMPTY_PATH);
  syscall(SYS_symlink, "target", "ln");
  syscall(SYS_symlinkat, "target", AT_FDCWD, "ln");
  syscall(SYS_readlink, "ln", b, 100);
  syscall(SYS_readlink, "ln", b, 3);
  syscall(SYS_readlinkat, AT_FDCWD, "ln", b, 100);
  syscall(SYS_readlinkat, AT_FDCWD, "lnn", b, 100);
  syscall(SYS_readlink, "/proc/self/exe", b, 300);
  unlink("ln");
  syscall(SYS_chmod, "x1", 0);
  syscall(SYS_chmod, "x1", 06755);
  syscall(SYS_fchmod, d, 0755);
  syscall(SYS_fchmodat, d, "nope", 0170755);
  syscall(SYS_chown, "x1", -1, 0);
  syscall(SYS_fchown, 99, 1, 2);
  syscall(SYS_lchown, "x1", 1000, -1);
  syscall(SYS_fchownat, d, "x1", 1, 2, AT_SYMLINK_NOFOLLOW);
  syscall(SYS_truncate, "x1", 12345678901L);
  syscall(SYS_ftruncate, 99, -5L);
  char g[4096];
  syscall(SYS_getdents64, d, g, 4096);
  syscall(SYS_getdents64, d, g, 4096);
  syscall(SYS_getdents64, 99, g, 4096);
  lseek(d, 0, SEEK_SET);
  syscall(SYS_getdents, d, g, 4096);
  syscall(SYS_getdents, d, g, 4096);
  lseek(d, -1, SEEK_CUR);
  lseek(d, 5, SEEK_DATA);
  lseek(d, 5, 77);
  lseek(d, 5, SEEK_END);
  syscall(SYS_fallocate, 99, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 1L, 2L);
  syscall(SYS_fallocate, 99, 0, 1L, 2L);
  syscall(SYS_chdir, "/tmp");
  syscall(SYS_fchdir, d);
  syscall(SYS_getcwd, b, 300);
  syscall(SYS_getcwd, b, 2);
  syscall(SYS_chroot, "/nope");
  syscall(SYS_sync);
  syscall(SYS_fsync, 99);
  syscall(SYS_fdatasync, 99);
  syscall(SYS_syncfs, 99);
  syscall(SYS_sync_file_range, 99, 1L, 2L, 3);
  syscall(SYS_fadvise64, 99, 0L, 10L, POSIX_FADV_WILLNEED);
  syscall(SYS_readahead, 99, 0L, 10L);
  syscall(SYS_flock, 99, 2 | 4);
  syscall(SYS_flock, 99, 1);
  syscall(SYS_creat, "/nope/x", 0600);
  unsigned long how[4] = {O_RDWR | O_CREAT | O_CLOEXEC, 0644, 8 | 1, 0x77};
  syscall(437, AT_FDCWD, "/nope", how, 24);
  syscall(437, AT_FDCWD, "/nope", how, 32);
  how[0] = O_PATH;
  how[1] = 0;
  syscall(437, AT_FDCWD, "/nope", how, 24);
  how[2] = 0x800;
  syscall(437, AT_FDCWD, "/nope", how, 24);
  syscall(437, AT_FDCWD, "/nope", how, 8);
  syscall(437, AT_FDCWD, "/nope", 0, 24);
  syscall(437, AT_FDCWD, "/nope", 8, 24);
  how[2] = 0;
  how[3] = 0;
  how[1] = 0;
  syscall(437, AT_FDCWD, "/nope", how, 24);
  syscall(437, AT_FDCWD, "/nope", how, 32);
  return 0;
}
