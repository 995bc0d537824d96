// Runs for ever, on stacks of one kind: unwind_stacks (libc | deep | exceptions | signals | threads |
// realigned).
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/time.h>
#include <thread>
#include <vector>

namespace {

volatile std::size_t sink;

int by_value(const void* a, const void* b) {
  return *static_cast<const int*>(a) - *static_cast<const int*>(b);
}

// libc's own functions, of all sizes and with all prologues.
void libc_calls() {
  std::vector<void*> blocks;
  for (std::size_t i = 1; i < 200; ++i) {
    blocks.push_back(std::malloc(i * i));
    std::memset(blocks.back(), 1, i * i);
    if (i % 3 == 0) blocks.back() = std::realloc(blocks.back(), i * i * 2);
    if (i > 10) std::memcpy(blocks[i - 1], blocks[i - 2], i);
  }
  for (void* const block : blocks) std::free(block);
  int values[100];
  for (int i = 0; i < 100; ++i) values[i] = i * 7919 % 101;
  std::qsort(values, 100, sizeof values[0], by_value);
  const int key = values[42];
  sink = sink + (std::bsearch(&key, values, 100, sizeof values[0], by_value) != nullptr);
  char text[200];
  sink = sink + static_cast<std::size_t>(std::snprintf(text, sizeof text, "%d %s %g %p", values[3], "text",
                                                       1.5, static_cast<void*>(text)));
  sink = sink + static_cast<std::size_t>(std::strtod("3.25e5", nullptr)) + std::strlen(text);
  sink = sink + static_cast<std::size_t>(std::getenv("PATH") != nullptr);
}

template <int N>
struct Nest {
  [[gnu::noinline]] static std::size_t call(const std::function<std::size_t(std::size_t)>& f, std::size_t x) {
    const std::string pad(static_cast<std::size_t>(N) * 3, 'x');
    return Nest<N - 1>::call([&](std::size_t y) { return f(y + pad.size()); }, x + 1) + pad.size();
  }
};
template <>
struct Nest<0> {
  static std::size_t call(const std::function<std::size_t(std::size_t)>& f, std::size_t x) { return f(x); }
};

[[gnu::noinline]] std::size_t descend(std::size_t left, std::map<std::size_t, std::string>& found) {
  if (left == 0) {
    const std::regex pattern("(a|b)*c[0-9]+");
    return static_cast<std::size_t>(std::regex_match("ababababc12345", pattern)) +
           Nest<40>::call([](std::size_t x) { return x; }, 1);
  }
  found[left] = std::to_string(left);
  const std::size_t below = descend(left - 1, found);
  found.erase(left);
  return below + 1;
}

[[gnu::noinline]] void throw_from(int depth) {
  const std::unique_ptr<int> owned(new int(depth));
  if (depth == 0) throw std::runtime_error("out of it");
  throw_from(*owned - 1);
  sink = sink + 1;
}

// A frame whose stack is realigned, and of a size that is known at run time only.
[[gnu::noinline]] std::size_t realigned(std::size_t n, std::size_t left) {
  alignas(64) volatile char aligned[192];
  auto* const dynamic = static_cast<volatile char*>(__builtin_alloca(n));
  for (std::size_t i = 0; i < sizeof aligned; ++i) aligned[i] = static_cast<char>(i);
  for (std::size_t i = 0; i < n; ++i) dynamic[i] = static_cast<char>(i);
  if (left == 0) return static_cast<std::size_t>(aligned[5]) + static_cast<std::size_t>(dynamic[n / 2]);
  return realigned(n % 97 + 8, left - 1) + static_cast<std::size_t>(aligned[left]) +
         static_cast<std::size_t>(dynamic[1]);
}

void on_signal(int) {
  // Only what is safe in a handler: arithmetic, on frames of every kind.
  sink = sink + realigned(16, 6) + static_cast<std::size_t>(std::strtod("1.25", nullptr));
}

void with_signals(bool own_stack) {
  static char stack[1 << 16];
  if (own_stack) {
    stack_t alternate{};
    alternate.ss_sp = stack;
    alternate.ss_size = sizeof stack;
    ::sigaltstack(&alternate, nullptr);
  }
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = own_stack ? SA_ONSTACK : 0;
  ::sigaction(SIGALRM, &action, nullptr);
  const itimerval often{{0, 300}, {0, 300}};
  ::setitimer(ITIMER_REAL, &often, nullptr);
}

void once(std::string_view kind) {
  std::map<std::size_t, std::string> found;
  if (kind == "deep") {
    sink = sink + descend(60, found);
  } else if (kind == "exceptions") {
    try {
      throw_from(20);
    } catch (const std::runtime_error&) {
      sink = sink + 1;
    }
  } else if (kind == "realigned") {
    sink = sink + realigned(40, 12);
  } else {
    libc_calls();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc > 1 ? argv[1] : "libc";
  if (kind == "signals" || kind == "own_stack") with_signals(kind == "own_stack");
  std::vector<std::thread> threads;
  for (int i = 0; kind == "threads" && i < 3; ++i) {
    threads.emplace_back([i] {
      for (;;) once(i == 0 ? "deep" : i == 1 ? "realigned" : "libc");
    });
  }
  for (;;) once(kind);
}
