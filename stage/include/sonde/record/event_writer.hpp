// Writes what the tracer sees as events: one method an event. Once muted, it writes nothing more.
#pragma once

#include <functional>

#include "sonde/process/proc_fs.hpp"
#include "sonde/record/capture.hpp"
#include "sonde/record/descriptor_capture.hpp"
#include "sonde/record/ring_writer.hpp"
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
  void group_stop(TaskId task, int signal);
  void exec(TaskId task, pid_t old_tid);
  void ended(TaskId task, int status);
  void detached(TaskId task);
  // An event was left out on purpose.
  void left_out(event::LossReason reason) { ring_.count_lost(reason); }

  // Ends the stream: nothing more is written.
  void mute();
  bool muted() const { return muted_; }

 private:
  // Starts a frame; false when muted.
  bool begin(event::FrameType type, TaskId task, Nanoseconds time);

  const Options& options_;
  RingWriter ring_;
  FrameBuffer& frame_;
  Capture capture_;
  DescriptorCapture descriptors_;
  process::ProcFs proc_;
  bool muted_ = false;
};

}  // namespace sonde::record
