// The calls of allocator functions that a task is in: which of them the program made, and which the allocator
// made itself on the way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "sonde/base/limits.hpp"
#include "sonde/base/types.hpp"
#include "sonde/record/heap_functions.hpp"

namespace sonde::record {

// What is known at the entry of a call.
struct HeapEntry {
  HeapFunctions::Id function = 0;
  std::uint64_t stack_pointer = 0;  // It points to the return address.
  std::uint64_t pointer =
      0;  // The block that is resized or released; of posix_memalign where the result is stored.
  std::uint64_t size = 0;
  std::uint64_t alignment = 0;
  std::uint32_t stack = 0;  // Its id.
  bool kind_unknown = false;
  bool leaves_by_jump = false;  // See PlannedProbe.
  bool unwanted = false;        // Nobody is to be told of it.
  bool left_out = false;        // As event::heap_left_out.
};

// Calls end in the order in which they began only as a rule: an exception or a longjmp leaves many at once, a
// signal handler may begin others in between, and code may change stacks. So an end is known by its stack
// pointer, and what was left without one by the stack pointers of later calls.
class HeapCalls {
 public:
  // A call begins. True when the program made it; false when a function of the allocator did, whose own event
  // stands for both.
  bool enter(const HeapEntry& entry);
  // A function ends with this stack pointer. The call that the program made and that ended with it, if there
  // is one.
  std::optional<HeapEntry> leave(std::uint64_t stack_pointer);
  // Code goes on, with this stack pointer, behind a call that has been left by a jump. That call, as above.
  std::optional<HeapEntry> come_back(std::uint64_t stack_pointer);
  // What enter() would answer; for calls whose ends are not seen.
  bool is_by_program(const HeapEntry& entry);
  // The call that has this stack pointer, if it is the innermost one.
  HeapEntry* innermost(std::uint64_t stack_pointer);
  // A signal is about to be delivered: calls that begin below its frame are the handler's.
  void interrupt(std::uint64_t stack_pointer);
  // Whether a call with this stack pointer is known.
  bool has(std::uint64_t stack_pointer) const;
  bool inside() const { return depth_ != 0; }
  // Calls that were forgotten because there were too many in one another.
  std::uint64_t forgotten() const { return forgotten_; }
  void clear() { depth_ = 0; }

 private:
  struct Call {
    HeapEntry entry;
    bool by_program = false;
    bool is_signal = false;
  };

  void drop_left(std::uint64_t stack_pointer, const HeapEntry& next);
  void push(const Call& call);

  std::array<Call, limits::pending_allocator_calls> calls_;  // Outermost first.
  std::size_t depth_ = 0;
  std::uint64_t forgotten_ = 0;
};

}  // namespace sonde::record
