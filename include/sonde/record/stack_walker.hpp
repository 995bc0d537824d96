// Walks the stacks of stopped tasks, with what is known of where their processes' code is.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <sys/types.h>
#include <unordered_map>

#include "sonde/base/limits.hpp"
#include "sonde/event/frame.hpp"
#include "sonde/process/address_space.hpp"
#include "sonde/ptrace/requests.hpp"

namespace sonde::record {

// Views that stay valid until the walker's next walk.
struct WalkedStack {
  std::span<const event::FrameAddress>
      frames;  // Innermost first. Empty for a task that is gone, and for 32-bit code.
  std::span<const process::Module* const>
      modules;  // Of each frame; null where its code was mapped from no file.
  event::StackEnd end;
};

class StackWalker {
 public:
  // Looks at the process's mappings, and builds the tables of files that were not met before. To be done
  // before its tasks are stopped, so that they do not wait for it. False when they cannot be read.
  bool prepare(pid_t pid, Nanoseconds time);

  // The task must be stopped; `time` is now.
  WalkedStack walk(TaskId task, Nanoseconds time);
  // The same, where the task's registers are known: or what they would be elsewhere in its code.
  WalkedStack walk(TaskId task, const arch::Registers& registers, Nanoseconds time);
  // The same, of a task that stands at the entry of a call: its registers are only asked for where the stack
  // alone does not lead to the end.
  WalkedStack walk(TaskId task, const ptrace::SyscallEntry& entry, Nanoseconds time);

  // Where the process's code is, looked at anew. Null when that cannot be read. Valid until the next look.
  const process::AddressSpace* look(pid_t pid, Nanoseconds time);

  // Where the first module of the process that defines this symbol has it, as of the last look at its
  // mappings.
  std::optional<Address> symbol(pid_t pid, std::string_view name) const;

  // The process has mapped code, or made memory executable: what is known of its mappings may be wrong.
  void code_mapped(pid_t pid);
  // It has ended, or executed a program.
  void forget(pid_t pid) { processes_.erase(pid); }

 private:
  struct Process {
    process::AddressSpace space;
    bool stale = true;
    Nanoseconds refreshed = 0;
  };
  // How far up the last walk of a task went: its next one hardly goes further.
  struct Reach {
    pid_t tid = 0;
    Address end;
  };

  bool refresh(pid_t pid, Process& process, Nanoseconds time);
  WalkedStack walk_from(TaskId task, const unwind::Start& start, Nanoseconds time);
  // False when a frame is in memory that was not executable when last looked.
  bool walk_in(TaskId task, const unwind::Start& start, const process::AddressSpace& space,
               WalkedStack& into);
  Address& reach_of(pid_t tid);

  process::ModuleCache modules_;
  std::unordered_map<pid_t, Process> processes_;
  std::array<Reach, 256> reaches_{};  // By tid; of two that share a place the later has it.

  // Of the walk at hand.
  std::array<unwind::Frame, limits::stack_frames> frames_;
  std::array<event::FrameAddress, limits::stack_frames> addresses_;
  std::array<const process::Module*, limits::stack_frames> frame_modules_;
  std::array<std::byte, 16384> window_;
};

}  // namespace sonde::record
