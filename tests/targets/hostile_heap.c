// Does what a program may do to itself, and what nobody should, while its heap is watched: each time it says
// what is about to come, and it must get to its end as it does alone.
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

#include "target.h"

static volatile sig_atomic_t traps;
static void on_trap(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info, (void)context;
  ++traps;
}

static uintptr_t page_of(void* function) { return (uintptr_t)function & ~(uintptr_t)4095; }

// Makes the code writable while another thread allocates, again and again.
static void* race(void* stop) {
  while (!*(volatile int*)stop) {
    void* volatile block = malloc(33);
    free(block);
  }
  return NULL;
}

// In a child: each of these ends it.
static void perish(int how, unsigned char* function) {
  const struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  close(STDERR_FILENO);
  if (how == 0) {
    // malloc, with a stack that is not there.
    __asm__ volatile("mov $64, %%rdi; mov $4096, %%rsp; jmp *%0" : : "r"(function));
  } else if (how == 1) {
    // A return address that leads nowhere.
    __asm__ volatile("mov $64, %%rdi; pushq $16; jmp *%0" : : "r"(function));
  }
  static void* volatile wild = (void*)0x123450;
  free(wild);
  _exit(0);
}

int main(void) {
  void* const libc = dlopen("libc.so.6", RTLD_NOW);
  unsigned char* const function = dlsym(libc, "malloc");
  must(function != NULL, "dlsym");

  say("own traps");
  const struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, NULL);
  __asm__ volatile("int3");
  raise(SIGTRAP);
  say("%d", (int)traps);

  say("reads and writes its own code");
  must(mprotect((void*)page_of(function), 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == 0, "mprotect");
  const unsigned char first = *function;
  *(volatile unsigned char*)function = first == 0xcc ? 0x41 : first;  // What Debian's malloc begins with.
  must(mprotect((void*)page_of(function), 4096, PROT_READ | PROT_EXEC) == 0, "mprotect");
  free(malloc(10));

  say("races mprotect");
  pthread_t thread;
  static volatile int stop;
  pthread_create(&thread, NULL, race, (void*)&stop);
  for (int i = 0; i < 300; ++i) {
    mprotect((void*)page_of(function), 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
    mprotect((void*)page_of(function), 4096, PROT_READ | PROT_EXEC);
  }
  stop = 1;
  pthread_join(thread, NULL);

  say("unmaps a copy of code");
  void* const copy = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(copy, (void*)page_of(function), 4096);
  munmap(copy, 4096);

  say("odd stacks");
  // malloc and free from where there is next to no stack, and with nothing above it that unwinding could
  // follow.
  static char small[1 << 16];
  static ucontext_t there;
  static ucontext_t here;
  memset(small, 0x5a, sizeof small);
  getcontext(&there);
  there.uc_stack.ss_sp = small;
  there.uc_stack.ss_size = sizeof small;
  there.uc_link = &here;
  makecontext(&there, (void (*)(void))(uintptr_t)race, 1, &stop);
  swapcontext(&here, &there);

  say("ends in the middle of it");
  for (int how = 0; how < 3; ++how) {
    const pid_t pid = fork();
    if (pid == 0) perish(how, function);
    say("%d", status_of(pid, 0));
  }
  say("done");
  return 0;
}
