// Takes the stacks of stopped tasks, each distinct one written once: events have its id.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sonde/event/frame.hpp"
#include "sonde/record/ring_writer.hpp"
#include "sonde/record/stack_walker.hpp"

namespace sonde::record {

class StackCapture {
 public:
  // `redact_paths`: of a module's path only the file's name is written.
  StackCapture(RingWriter& ring, bool redact_paths);

  // The id of the stack of a stopped task, after having written the frames that tell what it is. 0 for a task
  // that is gone, for 32-bit code, and where those frames were dropped. Uses the ring's frame buffer.
  std::uint32_t take(TaskId task, Nanoseconds time);

  // The same of a task that is at the entry of a system call.
  std::uint32_t take(TaskId task, const ptrace::SyscallEntry& entry, Nanoseconds time);

  // The same for the caller of a function that the task is at the entry of: `registers` are its own there.
  std::uint32_t take_of_caller(TaskId task, const arch::Registers& registers, Nanoseconds time);

  // As StackWalker's.
  const process::AddressSpace* look(pid_t pid, Nanoseconds time) { return walker_.look(pid, time); }
  std::optional<Address> symbol(pid_t pid, std::string_view name) const { return walker_.symbol(pid, name); }
  void code_mapped(pid_t pid) { walker_.code_mapped(pid); }
  void forget(pid_t pid) { walker_.forget(pid); }

 private:
  // A stack that was written. Its frames are in arena_.
  struct Known {
    std::uint64_t hash;
    std::uint32_t first;
    std::uint32_t count;
    std::uint32_t id;  // 0: a free slot.
    event::StackEnd end;
  };

  std::uint32_t write(const WalkedStack& stack, TaskId task, Nanoseconds time);
  bool announce_module(const process::Module& module, TaskId task, Nanoseconds time);
  std::uint32_t intern(const WalkedStack& stack, TaskId task, Nanoseconds time);
  bool is(const Known& known, std::uint64_t hash, const WalkedStack& stack) const;
  void start_generation();

  RingWriter& ring_;
  const bool redact_paths_;
  StackWalker walker_;
  std::vector<bool> announced_;  // By a module's id.

  std::vector<Known> table_;  // Open addressing, at most half full.
  std::vector<event::FrameAddress> arena_;
  std::size_t in_generation_ = 0;
  std::uint32_t last_id_ = 0;
  bool generation_starts_ = false;
};

}  // namespace sonde::record
