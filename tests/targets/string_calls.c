// Makes many calls with arguments of every sort, right and wrong, for their lines to be compared.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw_call.h"
int main() {
  syscall(SYS_open, "/nonexistent\001\n\t1\0332\"\\\377<>", 0x10000002 | O_CLOEXEC, 0644);
  syscall(SYS_open, "/dev/null", O_CREAT | O_RDONLY, 0644);
  syscall(SYS_open, (char*)0, O_WRONLY | 3);
  syscall(SYS_open, (char*)16, O_TMPFILE | O_RDWR, 07777);
  syscall(SYS_openat, -100, "x", O_PATH);
  syscall(SYS_openat, -2, "x", O_PATH);
  syscall(SYS_mmap, 0, 4096, 0x123, MAP_PRIVATE | MAP_ANON | 0x10000000 | (21 << 26), -1, 0);
  syscall(SYS_mmap, 0, 4096, 0x0, MAP_SHARED | MAP_ANON, -1, 0);
  syscall(SYS_fcntl, 3, F_GETFL);
  syscall(SYS_fcntl, 3, 9999, 5);
  syscall(SYS_fcntl, 3, F_SETFL, O_APPEND);
  syscall(SYS_write, -1, "12345678901234567890123456789012", 32);
  syscall(SYS_write, -1, "123456789012345678901234567890123", 33);
  syscall(SYS_write, -1, "\0\0011", 3);
  syscall(SYS_write, -1, (char*)8, 3);
  syscall(SYS_write, -1, (char*)0, 3);
  syscall(SYS_write, -1, "abc", 0);
  syscall(SYS_write, -1, "ab\177\200\e", 5);
  syscall(SYS_chdir, "12345678901234567890123456789012345678901234567890");
  char* av[] = {"a", "b", (char*)8, "123456789012345678901234567890123", 0};
  syscall(SYS_execve, "/nonexistent", av, av);
  syscall(SYS_execve, "/nonexistent", 0, 0);
  syscall(SYS_execve, "/nonexistent", 8, 8);
  char* many[50];
  for (int i = 0; i < 49; i++) many[i] = "x";
  many[49] = 0;
  syscall(SYS_execve, "/nonexistent", many, many);
  char** e = (char**)((char*)mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANON, -1, 0) + 4096 - 16);
  e[0] = "q";
  e[1] = "r";
  syscall(SYS_execve, "/nonexistent", e, e);
  char* s = ((char*)mmap((void*)0x10000000, 4096, 3, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0) + 4096 - 4);
  memcpy(s, "abcd", 4);
  syscall(SYS_execve, "/nonexistent", s, s);
  syscall(SYS_chdir, s);
  syscall(SYS_write, -1, s, 16);
  syscall(SYS_setxattr, "x", s, s, 16, 77);
  syscall(SYS_setxattr, "x", "12345678901234567890123456789012", s, 4, 1);
  syscall(SYS_setxattr, "x", "123456789012345678901234567890123", s, 4, 1);
  syscall(SYS_umask, 022);
  syscall(SYS_umask, 0);
  syscall(SYS_ioctl, 0, 0x5401, s);
  syscall(SYS_ioctl, 0, 0x1234, s);
  syscall(SYS_ioctl, 0, 0x80045430, 0);
  return 0;
}
