// Events: what the tracer saw, as values. An event is a view of the frame that it was parsed from, and valid
// as long as that frame's bytes are; whoever keeps one longer copies the frame.
#pragma once

#include <csignal>
#include <optional>
#include <string_view>
#include <variant>

#include "sonde/arch/registers.hpp"
#include "sonde/event/frame.hpp"
#include "sonde/event/snapshot.hpp"

namespace sonde::event {

struct Session {
  std::uint32_t string_limit;
  std::int64_t realtime_offset;
  bool follows_children;
  bool attached;
};

enum class TaskOrigin : std::uint32_t { program, attached, fork, vfork, clone };

struct TaskStarted {
  pid_t parent_tid;
  TaskOrigin origin;
};

struct TaskName {
  std::string_view comm;
  std::string_view exe;  // Empty when it could not be read.
};

struct SyscallEnter {
  Abi abi;
  std::uint32_t nr;
  std::span<const std::uint64_t, 6> args;
  std::uint64_t instruction_pointer;
  Snapshot snapshot;
};

struct SyscallExit {
  std::int64_t ret;
  bool failed;
  Snapshot snapshot;
};

struct Signal {
  siginfo_t info;
  Snapshot snapshot;
};

struct GroupStop {
  int signal;
};

struct Exec {
  pid_t old_tid;
};

struct TaskEnded {
  int status;  // As wait(2) gives it.
};

struct TaskDetached {};

enum class LossReason : std::uint32_t {
  overflow,
  rate_limit,
  sampling,
  unwatched,  // An allocator's call whose end could not be caught.
};

struct Lost {
  std::uint64_t count;
  LossReason reason;
};

struct Note {
  std::string_view text;
};

// A file that code was mapped from.
struct Module {
  std::uint32_t id;
  Bytes build_id;         // Empty when it has none.
  std::string_view path;  // As the process sees it; "[vdso]" for the kernel's.
};

// The stack that later events have by its id, innermost frame first.
struct Stack {
  std::uint32_t id;
  StackEnd end;
  bool new_generation;
  std::span<const FrameAddress> frames;
};

// The functions that an address in a module is in, from the innermost inlined one to the one that was
// compiled.
struct FrameNames {
  std::uint32_t module;
  std::uint64_t address;
  std::span<const NameEntry> entries;
  Bytes texts;

  // Calls visit(const NameEntry&, std::string_view function, std::string_view file) for each entry.
  template <typename Visit>
  void each(Visit visit) const {
    const auto* text = reinterpret_cast<const char*>(texts.data());
    for (const NameEntry& entry : entries) {
      visit(entry, std::string_view(text, entry.function_size),
            std::string_view(text + entry.function_size, entry.file_size));
      text += entry.function_size + entry.file_size;
    }
  }
};

// A task is about to die of a signal that it neither catches nor ignores.
struct Crash {
  siginfo_t info;
  arch::Registers registers;
  Snapshot snapshot;  // The code around the pc, mappings, what the program said; and the stack.
};

struct ThreadStack {
  std::string_view comm;
  Snapshot snapshot;
};

// What a program asked an allocator for, and got. See HeapFrame.
struct HeapCall {
  HeapOperation operation;
  std::uint16_t function;  // allocator::Function
  std::uint64_t address;
  std::uint64_t old_address;
  std::uint64_t size;
  std::uint64_t alignment;
  bool kind_unknown;  // See heap_kind_unknown.
  Snapshot snapshot;
  bool left_out = false;  // See heap_left_out.
};

// See MemoryUseFrame.
struct MemoryUse {
  std::uint64_t resident;
  std::uint64_t anonymous;
  std::uint64_t brk;
  std::uint64_t mapped;
};

// See MemoryCopiedFrame.
struct MemoryCopied {
  std::uint64_t offset;
  std::uint64_t size;
  Nanoseconds pause;
  CopyReason reason;
};

struct RoundBegan {};

struct Event {
  Nanoseconds time;
  TaskId task;
  std::variant<Session, TaskStarted, TaskName, SyscallEnter, SyscallExit, Signal, GroupStop, Exec, TaskEnded,
               TaskDetached, Lost, Note, Module, Stack, FrameNames, Crash, ThreadStack, HeapCall, MemoryUse,
               MemoryCopied, RoundBegan>
      payload;
};

// Reads the frame at the start of `bytes`, which may be hostile (a trace file). Empty when it is not a whole,
// well formed frame of a known type.
std::optional<Event> parse_frame(Bytes bytes);

// The size field of the frame at the start of `bytes`, when it is plausible: at least a header and a stamp, a
// multiple of 8, at most limits::frame_bytes and at most bytes.size().
std::optional<std::size_t> frame_size(Bytes bytes);

}  // namespace sonde::event
