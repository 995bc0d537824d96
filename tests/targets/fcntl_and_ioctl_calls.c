// Makes many calls with arguments of every sort, right and wrong, for their lines to be compared.
#define _GNU_SOURCE
#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw_call.h"
int main() {
  char b[4096];
  memset(b, 0, 4096);
  char* p = mmap((void*)0x20000000, 4096, 3, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0);
  int d = open("lockf", O_RDWR | O_CREAT, 0600);
#define F(c, a) syscall(SYS_fcntl, d, c, a)
  F(F_GETFD, 0);
  F(F_SETFD, 1);
  F(F_SETFD, 0);
  F(F_SETFD, 3);
  F(F_GETFD, 0);
  F(F_DUPFD, 100);
  F(F_DUPFD_CLOEXEC, 100);
  F(F_GETFL, 0);
  F(F_SETFL, O_RDWR | O_NONBLOCK | O_APPEND);
  F(F_GETFL, 0);
  struct flock l = {F_WRLCK, SEEK_SET, 1, 2, 0};
  F(F_SETLK, &l);
  F(F_GETLK, &l);
  l.l_type = F_RDLCK;
  F(F_SETLKW, &l);
  l.l_type = F_UNLCK;
  F(F_SETLK, &l);
  l.l_pid = 0;
  l.l_type = 1;
  F(F_OFD_SETLK, &l);
  l.l_type = 1;
  F(F_OFD_GETLK, &l);
  F(F_OFD_SETLKW, &l);
  F(F_SETLK, 0);
  F(F_SETLK, 8);
  F(F_GETLK, 8);
  l.l_type = 77;
  F(F_SETLK, &l);
  F(F_SETOWN, getpid());
  F(F_GETOWN, 0);
  F(F_SETSIG, SIGIO);
  F(F_GETSIG, 0);
  F(F_SETSIG, 0);
  struct f_owner_ex o = {F_OWNER_PID, getpid()};
  F(F_SETOWN_EX, &o);
  F(F_GETOWN_EX, &o);
  F(F_SETLEASE, F_RDLCK);
  F(F_GETLEASE, 0);
  F(F_SETLEASE, F_UNLCK);
  F(F_NOTIFY, DN_ACCESS | DN_MULTISHOT);
  F(F_SETPIPE_SZ, 4096);
  F(F_GETPIPE_SZ, 0);
  F(F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_GROW);
  F(F_GET_SEALS, 0);
  int m = memfd_create("x", MFD_ALLOW_SEALING);
  fcntl(m, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE);
  fcntl(m, F_GET_SEALS);
  int pp[2];
  pipe(pp);
  fcntl(pp[0], F_GETPIPE_SZ);
  unsigned long h = 3;
  F(F_GET_RW_HINT, &h);
  F(F_SET_RW_HINT, &h);
  F(F_GET_FILE_RW_HINT, &h);
  syscall(SYS_fcntl, 99, F_GET_RW_HINT, &h);
  F(17, b);
  F(1029, &l);
  F(F_GETFD, 0);
  F(F_SETFD, 1);
  F(F_GETFD, 0);
  int pt = posix_openpt(O_RDWR | O_NOCTTY);
  grantpt(pt);
  unlockpt(pt);
  int sl = open(ptsname(pt), O_RDWR | O_NOCTTY);
#define I(c, a) syscall(SYS_ioctl, sl, c, a)
  struct termios t;
  I(TCGETS, &t);
  I(TCSETS, &t);
  I(TCSETSW, &t);
  I(TCSETSF, &t);
  struct termio {
    unsigned short a, b, c, d;
    unsigned char l;
    unsigned char cc[8];
  } to;
  I(TCGETA, &to);
  I(TCSETA, &to);
  struct termios2 t2;
  I(TCGETS2, &t2);
  I(TCSETS2, &t2);
  struct winsize ws;
  I(TIOCGWINSZ, &ws);
  ws.ws_row = 24;
  ws.ws_col = 80;
  I(TIOCSWINSZ, &ws);
  I(TIOCGWINSZ, &ws);
  int n;
  I(TIOCGPGRP, &n);
  n = 5;
  I(TIOCSPGRP, &n);
  I(FIONREAD, &n);
  I(TIOCOUTQ, &n);
  n = 1;
  I(FIONBIO, &n);
  I(FIOASYNC, &n);
  I(FIOCLEX, 0);
  I(FIONCLEX, 0);
  I(TIOCSCTTY, 0);
  I(TIOCNOTTY, 0);
  I(TIOCEXCL, 0);
  I(TIOCGETD, &n);
  I(TIOCSETD, &n);
  I(TIOCMGET, &n);
  n = 6;
  I(TIOCMSET, &n);
  I(TCSBRK, 1);
  I(TCXONC, TCOOFF);
  I(TCXONC, 1);
  I(TCFLSH, TCIOFLUSH);
  I(TCSBRKP, 5);
  I(TIOCSTI, "x");
  I(TIOCGSID, &n);
  I(TIOCGPTN, &n);
  syscall(SYS_ioctl, pt, TIOCGPTN, &n);
  syscall(SYS_ioctl, pt, TIOCSPTLCK, &n);
  syscall(SYS_ioctl, pt, TIOCGPTLCK, &n);
  syscall(SYS_ioctl, pt, TIOCGPTPEER, O_RDWR);
  syscall(SYS_ioctl, pt, TIOCPKT, &n);
  I(TIOCGSOFTCAR, &n);
  I(TIOCGLCKTRMIOS, &t);
  I(TIOCCONS, 0);
  I(TIOCSERGETLSR, &n);
  I(TIOCGEXCL, &n);
  I(TIOCGDEV, &n);
  I(TIOCGICOUNT, b);
  I(TIOCSIG, 2);
  I(TIOCVHANGUP, 0);
  I(_IOR('T', 0x55, int), 5);
  I(_IOW('Z', 1, int[20]), 5);
  I(_IOWR(0, 0xff, long), 0);
  I(0, 0);
  I(0xffffffff, 1);
  I(0x5490, 1);
  syscall(SYS_ioctl, d, FS_IOC_GETFLAGS, &n);
  syscall(SYS_ioctl, d, FICLONE, 3);
  struct file_clone_range fcr = {3, 1, 2, 3};
  syscall(SYS_ioctl, d, FICLONERANGE, &fcr);
  syscall(SYS_ioctl, d, FIGETBSZ, &n);
  syscall(SYS_ioctl, d, FIBMAP, &n);
  syscall(SYS_ioctl, d, BLKGETSIZE64, b);
  syscall(SYS_ioctl, d, BLKRRPART, 0);
  syscall(SYS_ioctl, 99, 0x8912, b);
  syscall(SYS_ioctl, 99, FIFREEZE, 1);
  syscall(SYS_ioctl, 99, FIDEDUPERANGE, b);
  syscall(SYS_ioctl, d, FS_IOC_FIEMAP, b);
  syscall(SYS_ioctl, d, FS_IOC_SETFLAGS, b);
  syscall(SYS_ioctl, d, FIOQSIZE, b);
  syscall(SYS_ioctl, pp[0], FIONREAD, &n);
  unlink("lockf");
  return 0;
}
