#include <doctest/doctest.h>

#include "sonde/allocator/functions.hpp"
#include "sonde/filter/evaluate.hpp"
#include "sonde/filter/event_fields.hpp"

using namespace sonde;
using namespace sonde::filter;
using allocator::Function;
using event::HeapOperation;

namespace {

HeapEntryView entry(HeapOperation operation, Function function, std::uint64_t size = 0) {
  return {.task = {7, 8},
          .operation = operation,
          .function = static_cast<std::uint16_t>(function),
          .address = 0x1000,
          .size = size};
}

Verdict of(std::string_view text, const HeapEntryView& entry) {
  return evaluate(compile(text).value(), HeapEntryFields(entry));
}

const HeapEntryView allocation = entry(HeapOperation::allocate, Function::malloc, 100);
const HeapEntryView resize = entry(HeapOperation::reallocate, Function::realloc, 100);
const HeapEntryView release = entry(HeapOperation::release, Function::free);

}  // namespace

TEST_CASE("what an allocator's entry knows is decided there") {
  for (const auto& call : {allocation, resize}) {
    CHECK(of("alloc.size == 100", call) == Verdict::yes);
    CHECK(of("alloc.size > 100", call) == Verdict::no);
    CHECK(of("kind == free", call) == Verdict::no);
  }
  CHECK(of("alloc.function == 'malloc'", allocation) == Verdict::yes);
  CHECK(of("alloc.function == 'malloc'", resize) == Verdict::no);
  CHECK(of("kind == free && alloc.address == 0x1000", release) == Verdict::yes);
  CHECK(of("alloc.address == 0x2000", release) == Verdict::no);
  CHECK(of("alloc.size > 0", release) == Verdict::unknown);
  CHECK(of("tid == 8 && pid == 7", release) == Verdict::yes);
  CHECK(of("alloc.age > 1s", allocation) == Verdict::unknown);
  CHECK(of("failed || ret > 0", allocation) == Verdict::unknown);
}

TEST_CASE("what the end of the call, its stack or its process tells is pending") {
  for (const char* text : {"alloc.address != 0", "site.function == 'f'", "site.line == 3",
                           "stack has function 'f'", "comm == 'x'", "exe == 'x'", "time > 1s"}) {
    CAPTURE(text);
    CHECK(of(text, allocation) == Verdict::pending);
    CHECK(of(text, resize) == Verdict::pending);
  }
  CHECK(of("alloc.age > 1s", resize) == Verdict::pending);
  CHECK(of("alloc.age > 1s", release) == Verdict::pending);
  CHECK(of("site.function == 'f' && alloc.size > 100", allocation) == Verdict::no);
}

TEST_CASE("of any call of a kind nothing but the kind is known") {
  const HeapEntryView any{.task = {}, .operation = HeapOperation::release, .any_such = true};
  CHECK(of("kind == alloc", any) == Verdict::no);
  CHECK(of("kind == free", any) == Verdict::yes);
  CHECK(of("alloc.size > 1", any) == Verdict::unknown);
  for (const char* text : {"alloc.function == 'free'", "pid == 3", "alloc.address == 3", "alloc.age > 1s"}) {
    CHECK(of(text, any) == Verdict::pending);
  }
}

TEST_CASE("a function of the user's goes by its own name") {
  HeapEntryView own = entry(HeapOperation::allocate, Function::named_by_user, 1);
  own.own_name = "pool_alloc";
  CHECK(of("alloc.function == 'pool_alloc'", own) == Verdict::yes);
  CHECK(of("alloc.function == 'malloc'", own) == Verdict::no);
}
