#include "sonde/record/heap_calls.hpp"

#include <doctest/doctest.h>

using namespace sonde;
using allocator::Function;
using record::HeapCalls;
using record::HeapEntry;

namespace {

constexpr std::uint64_t top = 0x7fff00010000;

HeapEntry call(Function function, std::uint64_t stack_pointer, bool leaves_by_jump = false) {
  return {.function = static_cast<record::HeapFunctions::Id>(function),
          .stack_pointer = stack_pointer,
          .leaves_by_jump = leaves_by_jump};
}

}  // namespace

TEST_CASE("what an allocator calls itself is part of what the program asked") {
  HeapCalls calls;
  CHECK(calls.enter(call(Function::new_, top)));
  CHECK_FALSE(calls.enter(call(Function::malloc, top - 32)));
  CHECK_FALSE(calls.leave(top - 32));
  CHECK(calls.leave(top)->function == call(Function::new_, 0).function);
  CHECK_FALSE(calls.inside());
  CHECK_FALSE(calls.leave(top));
}

TEST_CASE("a function that jumps to another ends with it") {
  HeapCalls calls;
  CHECK(calls.enter(call(Function::new_array, top, true)));
  CHECK_FALSE(calls.enter(call(Function::new_, top)));
  CHECK_FALSE(calls.enter(call(Function::malloc, top - 32)));
  CHECK_FALSE(calls.leave(top - 32));
  CHECK(calls.leave(top)->function == call(Function::new_array, 0).function);
  CHECK_FALSE(calls.inside());
}

TEST_CASE("calls that were left without an end are forgotten when the stack says so") {
  HeapCalls calls;
  // An exception out of new, and another call from the same frame, one from a deeper and one from a higher
  // one.
  CHECK(calls.enter(call(Function::new_, top)));
  CHECK(calls.enter(call(Function::new_, top)));
  CHECK(calls.enter(call(Function::malloc, top)));
  CHECK(calls.enter(call(Function::malloc, top + 64)));
  CHECK(calls.leave(top + 64)->function == call(Function::malloc, 0).function);
  CHECK_FALSE(calls.inside());
  // A longjmp over two.
  calls.enter(call(Function::new_, top));
  calls.enter(call(Function::malloc, top - 48));
  CHECK(calls.enter(call(Function::calloc, top + 16)));
  CHECK(calls.leave(top + 16)->function == call(Function::calloc, 0).function);
}

TEST_CASE("an end tells that what began in between is over") {
  HeapCalls calls;
  calls.enter(call(Function::new_, top));
  calls.enter(call(Function::malloc, top - 48));
  CHECK(calls.leave(top)->function == call(Function::new_, 0).function);
  CHECK_FALSE(calls.inside());
}

TEST_CASE("a signal's handler allocates for the program, and what it interrupts goes on") {
  HeapCalls calls;
  CHECK(calls.enter(call(Function::malloc, top)));
  calls.interrupt(top - 200);
  CHECK(calls.enter(call(Function::calloc, top - 3000)));
  CHECK_FALSE(calls.enter(call(Function::malloc, top - 3100)));
  CHECK_FALSE(calls.leave(top - 3100));
  CHECK(calls.leave(top - 3000)->function == call(Function::calloc, 0).function);
  CHECK(calls.leave(top)->function == call(Function::malloc, 0).function);
  CHECK_FALSE(calls.inside());
}

TEST_CASE("a handler that is over makes no calls") {
  HeapCalls calls;
  CHECK(calls.enter(call(Function::new_, top)));
  calls.interrupt(top - 16);
  // The handler has returned: this is new's own call.
  CHECK_FALSE(calls.enter(call(Function::malloc, top - 48)));
  CHECK_FALSE(calls.leave(top - 48));
  CHECK(calls.leave(top)->function == call(Function::new_, 0).function);
}

TEST_CASE("a handler on an alternate stack, near or far, above or below") {
  for (const std::uint64_t other :
       {top + 0x5000, top + (std::uint64_t{1} << 40), top - (std::uint64_t{1} << 40)}) {
    HeapCalls calls;
    CHECK(calls.enter(call(Function::malloc, top)));
    calls.interrupt(top - 16);
    CHECK(calls.enter(call(Function::malloc, other)));
    CHECK(calls.leave(other)->stack_pointer == other);
    CHECK(calls.leave(top)->stack_pointer == top);
  }
}

TEST_CASE("too many in one another cost the outermost") {
  HeapCalls calls;
  for (std::uint64_t i = 0; i < limits::pending_allocator_calls + 3; ++i) {
    calls.enter(call(Function::malloc, top - 64 * i));
  }
  CHECK(calls.forgotten() == 3);
  CHECK_FALSE(calls.leave(top));
}
