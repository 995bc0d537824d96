// Marks from code that no file has: made at run time, and named in /tmp/perf-PID.map, by the id that the
// process knows itself by; and the kernel's own, which writes to where it must not.
#include <setjmp.h>
#include <sys/mman.h>
#include <time.h>

#include "target.h"

static sigjmp_buf out;

static void handler(int signal) {
  (void)signal;
  siglongjmp(out, 1);
}

static void call_made_code(void) {
  static const unsigned char code[] = {
      0x55,                    // push %rbp
      0x48, 0x89, 0xe5,        // mov %rsp, %rbp
      0xb8, 3,    0,    0, 0,  // mov $SYS_close, %eax
      0xbf, 0x29, 0x23, 0, 0,  // mov $9001, %edi
      0x0f, 0x05,              // syscall
      0x5d, 0xc3,              // pop %rbp; ret
  };
  unsigned char* place =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(place != MAP_FAILED, "mmap");
  memcpy(place, code, sizeof code);
  char name[64];
  snprintf(name, sizeof name, "/tmp/perf-%d.map", (int)getpid());
  FILE* map = fopen(name, "we");
  must(map != NULL, name);
  fprintf(map, "%lx %zx made code\n", (unsigned long)place, sizeof code);
  must(fclose(map) == 0, name);
  void (*made)(void);
  memcpy(&made, &place, sizeof made);
  made();
  say("made %d", (int)getpid());
  hear();
  unlink(name);
}

static void fail_in_the_vdso(void) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_NODEFER};
  must(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
  // Where the clock cannot be read without a system call, that fails instead.
  if (sigsetjmp(out, 1) == 0) clock_gettime(CLOCK_MONOTONIC, (struct timespec*)8);
}

int main(void) {
  fail_in_the_vdso();
  call_made_code();
  say("done");
  return 0;
}
