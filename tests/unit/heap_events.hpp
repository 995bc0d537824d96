// Made-up events of a heap, as the tracer would write them.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "sonde/allocator/functions.hpp"
#include "sonde/event/event.hpp"

namespace sonde::test {

using allocator::Function;
using event::HeapOperation;

// Passes each event on to `into`, one nanosecond after the one before.
template <typename Into>
class HeapEvents {
 public:
  explicit HeapEvents(Into& into) : into_(into) {}

  Nanoseconds now = 1000;
  TaskId task{7, 7};
  std::uint32_t stack = 0;  // Of the calls that follow.

  template <typename Payload>
  void event(TaskId of, Payload payload) {
    into_.apply(event::Event{++now, of, std::move(payload)});
  }
  void start(TaskId of, event::TaskOrigin origin = event::TaskOrigin::program, pid_t parent = 0) {
    event(of, event::TaskStarted{parent, origin});
  }
  void module(std::uint32_t id, std::string_view path) { event(task, event::Module{id, {}, path}); }
  // What an address of a module is called.
  void name(std::uint64_t address, std::string_view function, std::string_view file = {},
            std::uint32_t line = 0, std::uint32_t module = 1) {
    const event::NameEntry entry{address - 8, static_cast<std::uint32_t>(function.size()),
                                 static_cast<std::uint32_t>(file.size()), line, 0};
    const std::string texts = std::string(function).append(file);
    // Of return addresses the call before them is looked up.
    event(task, event::FrameNames{module, address - 1, {&entry, 1}, std::as_bytes(std::span(texts))});
  }
  // Addresses, innermost first, of one module.
  void know(std::uint32_t id, std::vector<std::uint64_t> addresses, std::uint32_t module = 1) {
    std::vector<event::FrameAddress> frames;
    for (const auto address : addresses) frames.push_back({address, module, 0});
    event(task, event::Stack{id, event::StackEnd::complete, false, frames});
  }

  void alloc(std::uint64_t address, std::uint64_t size, Function function = Function::malloc) {
    call(HeapOperation::allocate, function, address, 0, size);
  }
  void free(std::uint64_t address, Function function = Function::free) {
    call(HeapOperation::release, function, address, 0, 0);
  }
  void give_up(std::uint64_t address) { call(HeapOperation::give_up, Function::realloc, address, 0, 0); }
  void reallocate(std::uint64_t old_address, std::uint64_t size, std::uint64_t address) {
    call(HeapOperation::reallocate, Function::realloc, address, old_address, size);
  }
  void realloc(std::uint64_t old_address, std::uint64_t size, std::uint64_t address) {
    give_up(old_address);
    reallocate(old_address, size, address);
  }
  void call(HeapOperation operation, Function function, std::uint64_t address, std::uint64_t old_address,
            std::uint64_t size, std::uint64_t alignment = 0) {
    const event::SegmentHeader segment{stack, 0, event::SegmentKind::stack, 0};
    std::memcpy(snapshot_, &segment, sizeof segment);
    const Bytes bytes = stack == 0 ? Bytes{} : std::as_bytes(std::span(snapshot_));
    event(task, event::HeapCall{operation, static_cast<std::uint16_t>(function), address, old_address, size,
                                alignment, kind_unknown, event::Snapshot(bytes), left_out});
  }

  bool kind_unknown = false;  // Of the next calls.
  bool left_out = false;

 private:
  Into& into_;
  std::uint64_t snapshot_[2] = {};
};

}  // namespace sonde::test
