#include "record/heap_tags.hpp"

#include <limits>

namespace sonde::record {

namespace {

using allocator::Shape;
using event::HeapOperation;

// A product that does not fit is no size: calloc refuses it.
std::uint64_t product(std::uint64_t count, std::uint64_t size) {
  std::uint64_t all = 0;
  return __builtin_mul_overflow(count, size, &all) ? std::numeric_limits<std::uint64_t>::max() : all;
}

event::HeapFrame frame_of(HeapOperation operation, const HeapEntry& entry) {
  return {.address = 0,
          .old_address = 0,
          .size = entry.size,
          .alignment = entry.alignment,
          .operation = operation,
          .function = static_cast<std::uint16_t>(entry.function),
          .flags = entry.kind_unknown ? event::heap_kind_unknown : 0};
}

}  // namespace

HeapEntry read_entry(allocator::Function function, const arch::Registers& registers) {
  const std::uint64_t first = registers[arch::Register::rdi];
  const std::uint64_t second = registers[arch::Register::rsi];
  const std::uint64_t third = registers[arch::Register::rdx];
  HeapEntry entry{.function = function, .stack_pointer = registers.sp().value};
  switch (allocator::row_of(function)->shape) {
    case Shape::size:
      entry.size = first;
      break;
    case Shape::count_size:
      entry.size = product(first, second);
      break;
    case Shape::size_alignment:
      entry.size = first;
      entry.alignment = second;
      break;
    case Shape::alignment_size:
      entry.alignment = first;
      entry.size = second;
      break;
    case Shape::out_alignment_size:
      entry.pointer = first;
      entry.alignment = second;
      entry.size = third;
      break;
    case Shape::pointer_size:
      entry.pointer = first;
      entry.size = second;
      break;
    case Shape::pointer_count_size:
      entry.pointer = first;
      entry.size = product(second, third);
      break;
    case Shape::pointer:
      entry.pointer = first;
      break;
  }
  return entry;
}

event::HeapFrame give_up_of(const HeapEntry& entry) {
  event::HeapFrame frame = frame_of(HeapOperation::give_up, entry);
  frame.address = entry.pointer;
  return frame;
}

event::HeapFrame release_of(const HeapEntry& entry) {
  event::HeapFrame frame = frame_of(HeapOperation::release, entry);
  frame.address = entry.pointer;
  return frame;
}

event::HeapFrame result_of(const HeapEntry& entry, std::uint64_t result) {
  const bool resized = allocator::resizes(allocator::row_of(entry.function)->shape) && entry.pointer != 0;
  event::HeapFrame frame = frame_of(resized ? HeapOperation::reallocate : HeapOperation::allocate, entry);
  frame.address = result;
  if (resized) frame.old_address = entry.pointer;
  return frame;
}

}  // namespace sonde::record
