#include "sonde/record/event_writer.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <iterator>
#include <utility>

#include "sonde/base/clock.hpp"
#include "sonde/record/crash_capture.hpp"

namespace sonde::record {

using event::FrameType;

EventWriter::EventWriter(const Options& options, event::Ring& ring, std::function<bool()> given_up)
    : options_(options),
      ring_(ring, options.drop_on_overflow, std::move(given_up)),
      frame_(ring_.frame()),
      capture_(options),
      descriptors_(options) {
  if (options.stacks) stacks();
}

StackCapture& EventWriter::stacks() {
  return stacks_ ? *stacks_ : stacks_.emplace(ring_, options_.redact_paths);
}

bool EventWriter::begin(FrameType type, TaskId task, Nanoseconds time) {
  if (!muted_) frame_.begin(type, task, time);
  return !muted_;
}

std::uint32_t EventWriter::stack_of(TaskId task, Nanoseconds time) {
  return options_.stacks && !muted_ ? stacks().take(task, time) : 0;
}

void EventWriter::put_stack(std::uint32_t id) {
  if (id != 0) frame_.segment(id, event::SegmentKind::stack, {});
}

void EventWriter::session(bool attached) {
  timespec real;
  ::clock_gettime(CLOCK_REALTIME, &real);
  const Nanoseconds time = now();
  const std::int64_t realtime = static_cast<std::int64_t>(real.tv_sec) * 1'000'000'000 + real.tv_nsec;
  const std::uint32_t flags = (options_.follow_children ? event::session_follows_children : 0) |
                              (attached ? event::session_attached : 0);
  if (!begin(FrameType::session, {}, time)) return;
  frame_.put(event::SessionFrame{event::frame_version, options_.string_limit,
                                 realtime - static_cast<std::int64_t>(time), flags, 0});
  ring_.post();
}

void EventWriter::started(TaskId task, pid_t parent_tid, event::TaskOrigin origin) {
  if (!begin(FrameType::task_started, task, now())) return;
  frame_.put(event::TaskStartedFrame{parent_tid, static_cast<std::uint32_t>(origin)});
  ring_.post();
}

void EventWriter::named(TaskId task) {
  const std::string comm = proc_.comm(task.tid);
  event::TaskNameFrame fixed{};
  // After an exec it is the name of the program's file.
  if (!options_.redact_paths)
    std::memcpy(fixed.comm, comm.data(), std::min(comm.size(), sizeof fixed.comm - 1));
  if (!begin(FrameType::task_name, task, now())) return;
  frame_.put(fixed);
  if (!options_.redact_paths) frame_.text(proc_.exe(task.pid));
  ring_.post();
}

void EventWriter::entered(const Task& task, Nanoseconds time) {
  hold_entered(task, time);
  release_held();
}

void EventWriter::hold_entered(const Task& task, Nanoseconds time) {
  // Before its exec the child's stack is sonde's own.
  const bool stacked = options_.stacks && !muted_ && !task.hidden;
  const std::uint32_t stack = stacked ? stacks().take(task.id, task.entry, time) : 0;
  if (!begin(FrameType::syscall_enter, task.id, time)) return;
  event::SyscallEnterFrame fixed{{}, task.entry.instruction_pointer, task.entry.nr, task.entry.abi, {}};
  std::memcpy(fixed.args, task.entry.args, sizeof fixed.args);
  frame_.put(fixed);
  put_stack(stack);
  capture_.entry(task.id, task.entry, *task.row, frame_);
  descriptors_.entry(task.id, task.entry, *task.row, frame_);
  if (capture_.netlink_like())
    descriptors_.netlink(task.id, static_cast<std::int32_t>(fixed.args[0]), frame_);
}

void EventWriter::exited(const Task& task, const ptrace::SyscallResult& result) {
  if (!begin(FrameType::syscall_exit, task.id, now())) return;
  frame_.put(event::SyscallExitFrame{result.ret, result.failed, {}});
  capture_.exit(task.id, task.entry, result, *task.row, frame_);
  descriptors_.exit(task.id, task.entry, result, *task.row, frame_);
  if (capture_.netlink_like()) {
    descriptors_.netlink(task.id, static_cast<std::int32_t>(task.entry.args[0]), frame_);
  }
  ring_.post();
}

void EventWriter::signal(TaskId task, const siginfo_t& info) {
  const Nanoseconds time = now();
  const std::uint32_t stack = stack_of(task, time);
  if (!begin(FrameType::signal, task, time)) return;
  event::SignalFrame fixed;
  std::memcpy(fixed.siginfo, &info, sizeof fixed.siginfo);
  frame_.put(fixed);
  put_stack(stack);
  ring_.post();
}

void EventWriter::crash(TaskId task, const siginfo_t& info) {
  const Nanoseconds time = now();
  const auto registers = ptrace::registers(task.tid);
  if (!registers || muted_) return;
  // Its mappings may have changed since they were looked at, if they were.
  stacks().code_mapped(task.pid);
  const std::uint32_t stack = stacks().take(task, time);
  if (!begin(FrameType::crash, task, time)) return;
  event::CrashFrame fixed{
      {}, {}, registers->orig_rax, registers->eflags, registers->cs, registers->fs_base, registers->gs_base};
  std::memcpy(fixed.siginfo, &info, sizeof fixed.siginfo);
  std::copy(registers->general.begin(), registers->general.end(), std::begin(fixed.general));
  frame_.put(fixed);
  put_stack(stack);
  capture_surroundings(task, info, *registers, options_.redact_paths, frame_);
  if (info.si_signo == SIGABRT && !options_.redact_strings) capture_abort_message(task, stacks(), frame_);
  ring_.post();
}

void EventWriter::thread_stack(TaskId task) {
  if (muted_) return;
  const Nanoseconds time = now();
  const std::uint32_t stack = stacks().take(task, time);
  event::ThreadStackFrame fixed{};
  const std::string comm = proc_.comm(task.tid);
  std::memcpy(fixed.comm, comm.data(), std::min(comm.size(), sizeof fixed.comm - 1));
  if (!begin(FrameType::thread_stack, task, time)) return;
  frame_.put(fixed);
  put_stack(stack);
  ring_.post();
}

void EventWriter::heap(TaskId task, Nanoseconds time, const event::HeapFrame& call, std::uint32_t stack,
                       std::string_view name) {
  if (!begin(FrameType::heap, task, time)) return;
  frame_.put(call);
  put_stack(stack);
  if (!name.empty()) frame_.segment(0, event::SegmentKind::function, std::as_bytes(std::span(name)));
  ring_.post();
}

void EventWriter::memory_use(pid_t pid, Nanoseconds time, const event::MemoryUseFrame& use) {
  if (!begin(FrameType::memory_use, {pid, pid}, time)) return;
  frame_.put(use);
  ring_.post();
}

void EventWriter::memory_copied(TaskId task, Nanoseconds time, const event::MemoryCopiedFrame& copy) {
  if (!begin(FrameType::memory_copied, task, time)) return;
  frame_.put(copy);
  ring_.post();
}

void EventWriter::round_began(TaskId task, Nanoseconds time) {
  if (begin(FrameType::round_began, task, time)) ring_.post();
}

void EventWriter::note(TaskId task, std::string_view text) {
  if (!begin(FrameType::note, task, now())) return;
  frame_.text(text);
  ring_.post();
}

void EventWriter::group_stop(TaskId task, int signal) {
  if (!begin(FrameType::group_stop, task, now())) return;
  frame_.put(event::GroupStopFrame{signal, 0});
  ring_.post();
}

void EventWriter::exec(TaskId task, pid_t old_tid) {
  if (stacks_) stacks_->forget(task.pid);
  if (!begin(FrameType::exec, task, now())) return;
  frame_.put(event::ExecFrame{old_tid, 0});
  ring_.post();
}

void EventWriter::ended(TaskId task, int status) {
  if (stacks_ && task.tid == task.pid) stacks_->forget(task.pid);
  if (!begin(FrameType::task_ended, task, now())) return;
  frame_.put(event::TaskEndedFrame{status, 0});
  ring_.post();
}

void EventWriter::detached(TaskId task) {
  if (begin(FrameType::task_detached, task, now())) ring_.post();
}

void EventWriter::mute() {
  if (std::exchange(muted_, true)) return;
  ring_.flush_losses();
  ring_.close();
}

}  // namespace sonde::record
