// Makes many calls with arguments of every sort, right and wrong, for their lines to be compared.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw_call.h"
int main() {
  char b[4096];
  memset(b, 0, 4096);
  syscall(SYS_mount, "/dev/x", "/nope", "ext4", MS_RDONLY | MS_NOSUID, "data=1");
  syscall(SYS_mount, "src", "/nope", 0, MS_BIND | MS_REC, 0);
  syscall(SYS_mount, "none", "/nope", "tmpfs", 0xc0ed0000 | MS_REMOUNT, 8);
  syscall(SYS_mount, 0, "/nope", 0, MS_PRIVATE | MS_REC, 0);
  syscall(SYS_mount, "none", "/nope", "tmpfs", 0, "x");
  syscall(SYS_umount2, "/nope", MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW);
  syscall(SYS_umount2, "/nope", 0);
  syscall(429, 99, "", AT_FDCWD, "/nope", MOVE_MOUNT_F_EMPTY_PATH);
  syscall(430, "nofs", FSOPEN_CLOEXEC);
  syscall(431, 99, FSCONFIG_SET_STRING, "k", "v", 0);
  syscall(431, 99, FSCONFIG_SET_FLAG, "ro", 0, 0);
  syscall(431, 99, FSCONFIG_SET_BINARY, "k", b, 3);
  syscall(431, 99, FSCONFIG_SET_PATH, "k", "/p", AT_FDCWD);
  syscall(431, 99, FSCONFIG_SET_FD, "k", 0, 5);
  syscall(431, 99, FSCONFIG_CMD_CREATE, 0, 0, 0);
  syscall(431, 99, 99, "k", b, 7);
  syscall(431, 99, FSCONFIG_SET_PATH_EMPTY, "k", "", 5);
  syscall(432, 99, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_RELATIME);
  syscall(432, 99, 0, 0);
  syscall(433, AT_FDCWD, "/nope", FSPICK_CLOEXEC | FSPICK_NO_AUTOMOUNT);
  syscall(428, AT_FDCWD, "/nope", OPEN_TREE_CLOEXEC | OPEN_TREE_CLONE | AT_RECURSIVE);
  syscall(428, AT_FDCWD, "/nope", 0);
  struct {
    unsigned long s, c, p, u, x;
  } ma = {MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MS_PRIVATE, 5, 9};
  syscall(442, AT_FDCWD, "/nope", AT_RECURSIVE, &ma, 32);
  syscall(442, AT_FDCWD, "/nope", 0, &ma, 40);
  syscall(442, AT_FDCWD, "/nope", 0, &ma, 8);
  ma.x = 0;
  syscall(442, AT_FDCWD, "/nope", 0x1000, &ma, 40);
  ma.s = 0x10 | 0x100000;
  ma.c = 0x70;
  syscall(442, AT_FDCWD, "/nope", 0, &ma, 32);
  ma.p = 99;
  syscall(442, AT_FDCWD, "/nope", 0, &ma, 32);
  syscall(SYS_pivot_root, "/a", "/b");
  syscall(SYS_swapon, "/x", 0x8000 | 5);
  syscall(SYS_swapoff, "/x");
  syscall(SYS_setxattr, "/nope", "user.a", "val", 3, 1);
  syscall(SYS_lsetxattr, "/nope", "user.a", "val\0", 4, 0);
  syscall(SYS_fsetxattr, 99, "user.a", 0, 0, 2);
  int d = open("xa", O_CREAT | O_RDWR, 0600);
  syscall(SYS_fsetxattr, d, "user.a", "hello\1", 6, 0);
  syscall(SYS_getxattr, "xa", "user.a", b, 100);
  syscall(SYS_getxattr, "xa", "user.a", 0, 0);
  syscall(SYS_fgetxattr, d, "user.b", b, 100);
  syscall(SYS_lgetxattr, "xa", "user.a", b, 6);
  syscall(SYS_listxattr, "xa", b, 100);
  syscall(SYS_flistxattr, d, 0, 0);
  syscall(SYS_llistxattr, "/nope", b, 100);
  syscall(SYS_removexattr, "xa", "user.a");
  syscall(SYS_fremovexattr, d, "user.a");
  syscall(SYS_getxattr, "xa", "user.a", b, 100);
  syscall(SYS_listxattr, "xa", b, 100);
  syscall(SYS_getxattr, "xa", "user.a", b, 2);
  syscall(SYS_quotactl, QCMD(Q_GETQUOTA, USRQUOTA), "/dev/x", 0, b);
  syscall(SYS_quotactl, QCMD(Q_QUOTAON, GRPQUOTA), "/dev/x", 2, "/aquota");
  syscall(SYS_quotactl, QCMD(Q_SYNC, 0), 0, 0, 0);
  syscall(SYS_quotactl, QCMD(Q_GETINFO, 0), "/dev/x", 0, b);
  syscall(SYS_quotactl, QCMD(Q_SETQUOTA, 0), "/dev/x", 1000, b);
  syscall(SYS_quotactl, QCMD(Q_QUOTAOFF, 1), "/dev/x", 0, b);
  syscall(443, 99, QCMD(Q_GETQUOTA, USRQUOTA), 0, b);
  struct timespec ts[2] = {{1, 2}, {0, UTIME_NOW}};
  syscall(SYS_utimensat, AT_FDCWD, "/nope", ts, AT_SYMLINK_NOFOLLOW);
  syscall(SYS_utimensat, d, 0, 0, 0);
  ts[0].tv_nsec = UTIME_OMIT;
  syscall(SYS_utimensat, d, 0, ts, 0);
  ts[1].tv_nsec = 5;
  syscall(SYS_utimensat, d, 0, ts, 0);
  struct timeval tv[2] = {{1, 2}, {3, 4}};
  syscall(SYS_utimes, "/nope", tv);
  syscall(SYS_utimes, "/nope", 0);
  syscall(SYS_futimesat, d, "nope", tv);
  long ut[2] = {1, 2};
  syscall(SYS_utime, "/nope", ut);
  syscall(SYS_utime, "/nope", 0);
  syscall(SYS_utime, "/nope", 8);
  unlink("xa");
  struct io_uring_params ip;
  memset(&ip, 0, sizeof ip);
  int r = syscall(425, 4, &ip);
  memset(&ip, 0, sizeof ip);
  ip.flags = IORING_SETUP_SQPOLL | IORING_SETUP_CQSIZE | IORING_SETUP_SQ_AFF;
  ip.sq_thread_cpu = 1;
  ip.sq_thread_idle = 100;
  ip.cq_entries = 64;
  syscall(425, 4, &ip);
  ip.flags = 0x80000000;
  ip.resv[0] = 1;
  syscall(425, 4, &ip);
  syscall(425, 4, 0);
  memset(&ip, 0, sizeof ip);
  ip.flags = 0x40;
  ip.wq_fd = r;
  syscall(425, 4, &ip);
  unsigned long ss = 1;
  syscall(426, r, 0, 0, 0, 0, 0);
  syscall(426, r, 1, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_SQ_WAKEUP, &ss, 8);
  syscall(426, 99, 1, 1, 1, 0, 8);
  struct {
    unsigned long a;
    unsigned n, p;
    unsigned long t;
  } ea = {(long)&ss, 8, 0, 0};
  syscall(426, 99, 1, 1, 1 | 8, &ea, 24);
  struct iov {
    void* p;
    long n;
  } iv[2] = {{b, 10}, {b, 20}};
  syscall(427, r, IORING_REGISTER_BUFFERS, iv, 2);
  syscall(427, r, IORING_UNREGISTER_BUFFERS, 0, 0);
  int fds[3] = {0, -1, 1};
  syscall(427, r, IORING_REGISTER_FILES, fds, 3);
  syscall(427, r, IORING_UNREGISTER_FILES, 0, 0);
  syscall(427, r, IORING_REGISTER_EVENTFD, fds, 1);
  syscall(427, r, 99, b, 1);
  syscall(427, r, IORING_REGISTER_PROBE, b, 3);
  syscall(427, r, IORING_REGISTER_ENABLE_RINGS, 0, 0);
  syscall(427, r, IORING_REGISTER_PERSONALITY, 0, 0);
  struct {
    unsigned o, r;
    unsigned long f;
  } up = {1, 0, (long)fds};
  syscall(427, r, IORING_REGISTER_FILES_UPDATE, &up, 2);
  struct {
    unsigned long fs, net;
  } la = {LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE, 0};
  int ll = syscall(444, &la, 8, 0);
  syscall(444, 0, 0, 1);
  syscall(444, &la, 16, 0);
  struct __attribute__((packed)) {
    unsigned long a;
    int fd;
  } pb = {4, d};
  syscall(445, ll, 1, &pb, 0);
  syscall(445, ll, 2, &pb, 0);
  syscall(445, ll, 1, 8, 1);
  syscall(446, ll, 1);
  syscall(444, 0, 0, 6);
  la.net = 7;
  syscall(444, &la, 16, 0);
  syscall(444, &la, 4, 0);
  syscall(SYS_name_to_handle_at, AT_FDCWD, "/etc/passwd", memset(b, 0, 100), b + 200, 0);
  *(int*)b = 64;
  syscall(SYS_name_to_handle_at, AT_FDCWD, "/etc/passwd", b, b + 200, AT_SYMLINK_FOLLOW);
  syscall(SYS_open_by_handle_at, AT_FDCWD, b, O_RDONLY);
  syscall(SYS_io_setup, 5, b);
  unsigned long ctx;
  memcpy(&ctx, b, 8);
  syscall(SYS_io_getevents, ctx, 0, 1, b, ts);
  syscall(SYS_io_destroy, ctx);
  *(long*)b = 0;
  syscall(SYS_io_setup, 5, b);
  syscall(SYS_sysfs, 3);
  syscall(SYS_sysfs, 1, "ext4");
  syscall(SYS_sysfs, 2, 0, b);
  syscall(SYS_ustat, 0x801, b);
  syscall(SYS_lookup_dcookie, 1L, b, 100);
  syscall(SYS_uselib, "x");
  syscall(SYS_acct, "/nope");
  syscall(SYS_vhangup);
  return 0;
}
