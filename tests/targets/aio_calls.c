// Makes many calls with arguments of every sort, right and wrong, for their lines to be compared.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "raw_call.h"
int main() {
  aio_context_t c = 0;
  syscall(SYS_io_setup, 4, &c);
  int d = open("/etc/passwd", O_RDONLY);
  char* b = aligned_alloc(4096, 4096);
  memset(b, 'x', 4096);
  struct iocb i = {.aio_data = 7,
                   .aio_lio_opcode = IOCB_CMD_PREAD,
                   .aio_fildes = d,
                   .aio_buf = (long)b,
                   .aio_nbytes = 10,
                   .aio_offset = 3},
              w = {.aio_lio_opcode = IOCB_CMD_PWRITE,
                   .aio_fildes = 99,
                   .aio_buf = (long)"hello",
                   .aio_nbytes = 5,
                   .aio_flags = IOCB_FLAG_RESFD,
                   .aio_resfd = 5,
                   .aio_reqprio = 3,
                   .aio_rw_flags = 1},
              f = {.aio_lio_opcode = IOCB_CMD_FSYNC, .aio_fildes = 99},
              p = {.aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = d, .aio_buf = 1};
  struct iovec iv[2] = {{"ab", 2}, {"cd", 2}};
  struct iocb v = {.aio_lio_opcode = IOCB_CMD_PWRITEV,
                   .aio_fildes = 99,
                   .aio_buf = (long)iv,
                   .aio_nbytes = 2},
              z = {.aio_lio_opcode = 99, .aio_fildes = 99},
              n = {.aio_lio_opcode = IOCB_CMD_NOOP, .aio_fildes = 99};
  struct iocb* l[] = {&i};
  struct iocb* l2[] = {&w, &f, (void*)8, &v, &p, &z, &n};
  syscall(SYS_io_submit, c, 1, l);
  syscall(SYS_io_submit, c, 7, l2);
  syscall(SYS_io_submit, c, 1, &l2[1]);
  syscall(SYS_io_submit, c, 0, &l2[1]);
  syscall(SYS_io_submit, c, -1L, &l2[1]);
  struct io_event e[4];
  long ts[2] = {0, 5};
  syscall(SYS_io_getevents, c, 0L, 4L, e, ts);
  syscall(SYS_io_getevents, c, 0L, 4L, e, ts);
  syscall(SYS_io_getevents, c, 0L, 4L, e, 0);
  syscall(SYS_io_cancel, c, &i, e);
  struct {
    long m;
    long s;
  } ss = {0, 8};
  syscall(333, c, 0L, 4L, e, ts, &ss);
  syscall(333, c, 0L, 4L, e, ts, 0);
  struct {
    long a, b;
    char c[6];
    char d[6];
  } us;
  struct stat st;
  stat("/", &st);
  syscall(SYS_ustat, st.st_dev, &us);
  syscall(SYS_io_submit, c, 1, 0);
  syscall(SYS_io_submit, c, 1, 8);
}
