// Coroutines of C++20: a suspended one is a block, and what it has is in there.
#include <coroutine>
#include <exception>

#include "shape.h"

namespace {

struct Task {
  struct promise_type {
    static inline size_t size;
    static inline const char* kind;
    static void* operator new(size_t needed) {
      must(needed <= size, "a frame of that size");
      return told(size, kind);
    }
    static void operator delete(void* frame) { free(frame); }
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

void* volatile kept;
Task::promise_type* volatile promise;

Task holding(size_t size, const char* kind) {
  void* volatile local = told(size, kind);
  co_await std::suspend_always();
  free(local);
}

Task made(size_t size, const char* kind, const char* kind_of_local) {
  Task::promise_type::size = size;
  Task::promise_type::kind = kind;
  return holding(size + 1, kind_of_local);
}

void make() {
  kept = made(1100, "reachable", "reachable").handle.address();
  made(1200, "definite", "indirect");
  promise = &made(1300, "possible", "possible").handle.promise();
}

}  // namespace

int main(int argc, char** argv) {
  deep_below(make);
  all_told(argc, argv);
}
