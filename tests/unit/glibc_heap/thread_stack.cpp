#include "sonde/glibc_heap/thread_stack.hpp"

#include <doctest/doctest.h>

#include "tests/glibc_heap/made_up.hpp"

namespace sonde::glibc_heap {

using test::MadeUp;

TEST_CASE("the stack of a thread that has ended has a descriptor without a tid") {
  constexpr ThreadLayout layout{0x940, 0x2d0};
  constexpr Address descriptor = test::stack + (0x4000 - 0x940);
  MadeUp process;
  process.map(test::stack, 0x4000, "");
  const Mapping& mapping = process.mappings()[0];
  CHECK(is_ended_thread_stack(process, mapping, layout) == false);  // Nobody's stack.
  process.put(descriptor, {descriptor.value, 0, descriptor.value});
  CHECK(thread_descriptor(process, mapping, layout) == descriptor);
  CHECK(is_ended_thread_stack(process, mapping, layout) == true);
  process.put(descriptor + 0x2d0, 0xffffffff);
  CHECK(is_ended_thread_stack(process, mapping, layout) == true);  // Joined.
  process.put(descriptor + 0x2d0, 4711);
  CHECK(is_ended_thread_stack(process, mapping, layout) == false);
  CHECK(is_ended_thread_stack(process, mapping, std::nullopt) == std::nullopt);
}

}  // namespace sonde::glibc_heap
