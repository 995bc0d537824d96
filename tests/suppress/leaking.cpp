// Loses a block of its own size in each of many ways, no two with the same stack: what suppressions are tried
// on.
#include <cstdlib>
#include <pthread.h>

#define KEPT __attribute__((noinline))

namespace {
// Nobody may find the block afterwards, nor the compiler that nobody does.
inline __attribute__((always_inline)) void lose(void* block) {
  void* volatile lost = block;
  lost = nullptr;
  (void)lost;
}

KEPT void hidden_away(unsigned bytes) {
  lose(std::malloc(bytes));
  asm volatile("");
}
}  // namespace

namespace shop {

struct Shelf {
  KEPT void fill(unsigned bytes);
  KEPT void operator()(unsigned bytes) {
    lose(new char[bytes]);
    asm volatile("");
  }
  KEPT ~Shelf() {
    if (in_the_end != 0) lose(std::malloc(in_the_end));
    asm volatile("");
  }
  unsigned in_the_end = 0;
};

inline __attribute__((always_inline)) void* wrapped(unsigned bytes) { return std::malloc(bytes); }
inline __attribute__((always_inline)) void* wrapped_twice(unsigned bytes) { return wrapped(bytes); }

void Shelf::fill(unsigned bytes) { lose(wrapped_twice(bytes)); }

template <typename T>
KEPT void stock(T bytes) {
  Shelf shelf;
  shelf.fill(bytes);
  asm volatile("");
}

}  // namespace shop

extern "C" {
KEPT void plain_c(unsigned bytes) {
  lose(new char[bytes]);
  asm volatile("");
}
KEPT void foo(unsigned bytes) {
  lose(std::calloc(1, bytes));
  asm volatile("");
}
KEPT void foofoo(unsigned bytes) {
  foo(bytes);
  asm volatile("");
}
KEPT void foo_bar_foo(unsigned bytes) {
  foofoo(bytes);
  asm volatile("");
}
}

KEPT void deeper(unsigned bytes, int levels) {
  if (levels == 0) {
    lose(std::realloc(nullptr, bytes));
  } else {
    deeper(bytes, levels - 1);
  }
  asm volatile("");
}

KEPT void* work(void*) {
  shop::stock(77u);
  plain_c(78);
  foo_bar_foo(79);
  return nullptr;
}

// What functions that have returned left on the stack could keep blocks alive.
KEPT void wipe() {
  volatile char room[16384];
  for (volatile char& byte : room) byte = 0;
}

int main() {
  shop::stock(40u);
  shop::stock(41ul);
  plain_c(50);
  foo(51);
  foofoo(52);
  foo_bar_foo(53);
  hidden_away(54);
  deeper(55, 1);
  deeper(56, 3);
  shop::Shelf()(57);
  {
    const shop::Shelf shelf{58};
    (void)shelf;
  }
  [](unsigned bytes) KEPT { lose(std::malloc(bytes)); }(59);
  pthread_t thread;
  pthread_create(&thread, nullptr, work, nullptr);
  pthread_join(thread, nullptr);
  wipe();
  return 0;
}
