// Writes what the tracer sees as events: one method an event. Once muted, it writes nothing more.
#pragma once

#include <functional>
#include <optional>

#include "sonde/process/proc_fs.hpp"
#include "sonde/record/capture.hpp"
#include "sonde/record/descriptor_capture.hpp"
#include "sonde/record/ring_writer.hpp"
#include "sonde/record/stack_capture.hpp"
#include "sonde/record/task.hpp"

namespace sonde::record {

class EventWriter {
 public:
  // `given_up`: see RingWriter.
  EventWriter(const Options& options, event::Ring& ring, std::function<bool()> given_up);

  void session(bool attached);
  void started(TaskId task, pid_t parent_tid, event::TaskOrigin origin);
  // The comm and executable of the task's process, as they are now.
  void named(TaskId task);
  // The task stands at the entry that task.entry tells.
  void entered(const Task& task, Nanoseconds time);
  // The same, but written only if release_held() follows before any other event.
  void hold_entered(const Task& task, Nanoseconds time);
  void release_held() {
    if (!muted_) ring_.post();
  }
  // It stands at the exit of that call.
  void exited(const Task& task, const ptrace::SyscallResult& result);
  void signal(TaskId task, const siginfo_t& info);
  // The task, which is stopped, is about to die of the signal.
  void crash(TaskId task, const siginfo_t& info);
  // What another thread of that process, stopped too, is doing.
  void thread_stack(TaskId task);
  // A call of an allocator; `stack` is an id or 0. `name`: of a function that the user has named.
  void heap(TaskId task, Nanoseconds time, const event::HeapFrame& call, std::uint32_t stack,
            std::string_view name);
  void memory_use(pid_t pid, Nanoseconds time, const event::MemoryUseFrame& use);
  void memory_copied(TaskId task, Nanoseconds time, const event::MemoryCopiedFrame& copy);
  void round_began(TaskId task, Nanoseconds time);
  void note(TaskId task, std::string_view text);
  void group_stop(TaskId task, int signal);
  void exec(TaskId task, pid_t old_tid);
  void ended(TaskId task, int status);
  void detached(TaskId task);
  // An event was left out on purpose.
  void left_out(event::LossReason reason) { ring_.count_lost(reason); }
  // A call of an allocator is missed. Said at once: what is told of the heap from here on may be wrong.
  void unwatched() {
    ring_.count_lost(event::LossReason::unwatched);
    ring_.flush_losses();
  }

  // The task's process is about to map code, or to make memory executable.
  void code_mapped(TaskId task) {
    if (stacks_) stacks_->code_mapped(task.pid);
  }

  // As StackCapture's: the stack of the caller of a function, and where the code of a process is.
  std::uint32_t stack_of_caller(TaskId task, const arch::Registers& registers, Nanoseconds time) {
    return muted_ ? 0 : stacks().take_of_caller(task, registers, time);
  }
  const process::AddressSpace* look(pid_t pid, Nanoseconds time) { return stacks().look(pid, time); }

  // Ends the stream: nothing more is written.
  void mute();
  bool muted() const { return muted_; }

 private:
  // Starts a frame; false when muted.
  bool begin(event::FrameType type, TaskId task, Nanoseconds time);
  // The id of the task's stack, 0 where stacks are not wanted. Before begin(): it writes frames of its own.
  std::uint32_t stack_of(TaskId task, Nanoseconds time);
  void put_stack(std::uint32_t id);
  // For crashes, whether stacks are wanted otherwise or not.
  StackCapture& stacks();

  const Options& options_;
  RingWriter ring_;
  FrameBuffer& frame_;
  Capture capture_;
  DescriptorCapture descriptors_;
  std::optional<StackCapture> stacks_;
  process::ProcFs proc_;
  bool muted_ = false;
};

}  // namespace sonde::record
