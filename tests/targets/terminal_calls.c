// Makes many calls with arguments of every sort, right and wrong, for their lines to be compared.
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw_call.h"
int main() {
  struct termios2 t;
  memset(&t, 0xff, sizeof t);
  syscall(SYS_ioctl, 99, TCSETS, &t);
  syscall(SYS_ioctl, 99, TCSETS2, &t);
  memset(&t, 0, sizeof t);
  t.c_iflag = 0x100000;
  t.c_oflag = TAB3 | NL1 | CR2 | BS1 | VT1 | FF1 | OLCUC | 0x100000;
  t.c_cflag = B9600 | CS7 | CSTOPB | CRTSCTS | HUPCL | (B115200 << 16) | 0x1000000;
  t.c_lflag = 0x100000 | ISIG;
  t.c_line = 77;
  syscall(SYS_ioctl, 99, TCSETS, &t);
  t.c_cflag = BOTHER | CIBAUD;
  syscall(SYS_ioctl, 99, TCSETS2, &t);
  memset(&t, 0, sizeof t);
  syscall(SYS_ioctl, 99, TCSETS, &t);
  t.c_cflag = B38400 | CREAD | CLOCAL | PARENB | PARODD | CMSPAR;
  t.c_cc[0] = 200;
  syscall(SYS_ioctl, 99, TCSETS, &t);
  syscall(SYS_ioctl, 99, TCSETS, 0);
  syscall(SYS_ioctl, 99, TCSETS, 8);
  syscall(SYS_ioctl, 99, TIOCSWINSZ, 8);
  int n = -1;
  syscall(SYS_ioctl, 99, TIOCMBIS, &n);
  syscall(SYS_ioctl, 99, FIONBIO, &n);
  syscall(SYS_ioctl, 99, TIOCSPGRP, &n);
  syscall(SYS_ioctl, 99, TCFLSH, 99);
  syscall(SYS_ioctl, 99, TCSBRK, -1);
  syscall(SYS_ioctl, 99, TCSBRKP, -1);
  syscall(SYS_ioctl, 99, TIOCSCTTY, -1L);
  n = 5;
  syscall(SYS_ioctl, 99, TIOCSETD, &n);
}
