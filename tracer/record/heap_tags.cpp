#include "record/heap_tags.hpp"

#include <array>
#include <limits>
#include <optional>

namespace sonde::record {

namespace {

using event::HeapOperation;

// A product that does not fit is no size: calloc refuses it.
std::uint64_t product(std::uint64_t count, std::uint64_t size) {
  std::uint64_t all = 0;
  return __builtin_mul_overflow(count, size, &all) ? std::numeric_limits<std::uint64_t>::max() : all;
}

event::HeapFrame frame_of(HeapOperation operation, const HeapEntry& entry, const HeapFunction& function) {
  return {.address = 0,
          .old_address = 0,
          .size = entry.size,
          .alignment = entry.alignment,
          .operation = operation,
          .function = static_cast<std::uint16_t>(function.number),
          .flags = (entry.kind_unknown ? event::heap_kind_unknown : 0) |
                   (entry.left_out ? event::heap_left_out : 0)};
}

}  // namespace

HeapEntry read_entry(HeapFunctions::Id id, const HeapFunction& function, const arch::Registers& registers) {
  using arch::Register;
  constexpr std::array in_order{Register::rdi, Register::rsi, Register::rdx,
                                Register::rcx, Register::r8,  Register::r9};
  const auto value = [&](const std::optional<std::uint8_t>& argument) {
    return argument ? registers[in_order.at(*argument)] : 0;
  };
  const HeapArguments& arguments = function.arguments;
  HeapEntry entry{.function = id, .stack_pointer = registers.sp().value};
  entry.size = value(arguments.size);
  if (arguments.count) entry.size = product(value(arguments.count), entry.size);
  entry.alignment = value(arguments.alignment);
  entry.pointer = value(arguments.result ? arguments.result : arguments.block);
  return entry;
}

event::HeapFrame give_up_of(const HeapEntry& entry, const HeapFunction& function) {
  event::HeapFrame frame = frame_of(HeapOperation::give_up, entry, function);
  frame.address = entry.pointer;
  return frame;
}

event::HeapFrame release_of(const HeapEntry& entry, const HeapFunction& function) {
  event::HeapFrame frame = frame_of(HeapOperation::release, entry, function);
  frame.address = entry.pointer;
  return frame;
}

event::HeapFrame result_of(const HeapEntry& entry, const HeapFunction& function, std::uint64_t result) {
  const bool resized = function.resizes() && entry.pointer != 0;
  event::HeapFrame frame =
      frame_of(resized ? HeapOperation::reallocate : HeapOperation::allocate, entry, function);
  frame.address = result;
  if (resized) frame.old_address = entry.pointer;
  return frame;
}

}  // namespace sonde::record
