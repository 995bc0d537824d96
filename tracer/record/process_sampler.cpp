#include "sonde/record/process_sampler.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <map>
#include <thread>
#include <unistd.h>
#include <utility>

#include "sonde/base/clock.hpp"
#include "sonde/process/attach_refusal.hpp"
#include "sonde/ptrace/wait.hpp"
#include "sonde/record/capture.hpp"
#include "sonde/record/interrupted_call.hpp"
#include "sonde/record/memory_copier.hpp"
#include "sonde/record/stack_walker.hpp"

namespace sonde::record {

namespace {

using arch::Register;
using stacks::ThreadStack;

constexpr Nanoseconds patience_ns = 200'000'000;
constexpr int exec_retries = 20;  // A millisecond apart.

void pause(long nanoseconds) {
  const timespec moment{0, nanoseconds};
  ::nanosleep(&moment, nullptr);
}

// The call that a stopped task is in, by its registers: one that the stop interrupted has a result that says
// so.
std::optional<ptrace::SyscallEntry> call_of(const arch::Registers& registers) {
  const auto result = static_cast<std::int64_t>(registers[Register::rax]);
  if ((!is_restart(result) && result != -EINTR) || static_cast<std::int64_t>(registers.orig_rax) < 0)
    return std::nullopt;
  constexpr std::array native{Register::rdi, Register::rsi, Register::rdx,
                              Register::r10, Register::r8,  Register::r9};
  constexpr std::array compat{Register::rbx, Register::rcx, Register::rdx,
                              Register::rsi, Register::rdi, Register::rbp};
  ptrace::SyscallEntry entry{};
  entry.abi = registers.is_64_bit() ? Abi::x86_64 : Abi::i386;
  entry.nr = static_cast<std::uint32_t>(registers.orig_rax);
  entry.instruction_pointer = registers.pc().value;
  entry.stack_pointer = registers.sp().value;
  const auto& order = registers.is_64_bit() ? native : compat;
  for (std::size_t i = 0; i < order.size(); ++i) entry.args[i] = registers[order[i]];
  return entry;
}

class Sampler {
 public:
  Sampler(pid_t pid, const Options& options) : capture_(options) { sample_.pid = pid; }

  // The process as it stands: who they are, for whom it is that.
  using WhileStopped = std::function<void(std::span<const TaskId>)>;

  Result<stacks::ProcessStacks> run();
  // Without stacks: all that is done is that. For how long the process was stopped for it.
  Result<Nanoseconds> stop_for(const WhileStopped& work);

 private:
  Result<void> begin();
  Result<void> seize_leader();
  bool seize_others();
  Result<void> seize(pid_t tid);
  void note(ptrace::WaitOutcome outcome);
  void stop_all();
  void take(const ptrace::Stop& stop, ThreadStack& thread);
  void take_call(const ptrace::SyscallEntry& entry, ThreadStack& thread);
  void take_stack(const arch::Registers& registers, ThreadStack& thread);
  void let_go(ptrace::Stop stop);

  process::TaskStatus status_of(pid_t tid) const;
  void add(pid_t tid, process::TaskStatus status);

  Capture capture_;
  process::ProcFs proc_;
  ptrace::Seizing seizing_{{.threads = false, .children = false}};
  StackWalker walker_;
  FrameBuffer frame_;
  std::map<pid_t, ThreadStack> threads_;
  std::map<pid_t, ptrace::Stop> stops_;
  std::vector<std::uint32_t> told_modules_;
  stacks::ProcessStacks sample_;
};

Result<void> Sampler::begin() {
  const pid_t own[] = {::getpid()};
  if (auto checked = process::check_attachable(proc_, sample_.pid, own); !checked)
    return Failure(checked.error());
  if (const auto status = proc_.status(sample_.pid)) sample_.pid = status->pid;
  return {};
}

Result<Nanoseconds> Sampler::stop_for(const WhileStopped& work) {
  if (auto begun = begin(); !begun) return Failure(begun.error());
  if (auto seized = seize_leader(); !seized) return Failure(seized.error());
  const Nanoseconds began = now();
  do stop_all();
  while (seize_others());
  std::vector<TaskId> tasks;
  for (const auto& [tid, stop] : stops_) tasks.push_back({sample_.pid, tid});
  work(tasks);
  while (!stops_.empty()) let_go(std::move(stops_.extract(stops_.begin()).mapped()));
  return now() - began;
}

Result<stacks::ProcessStacks> Sampler::run() {
  if (auto begun = begin(); !begun) return Failure(begun.error());
  walker_.prepare(sample_.pid, now());
  if (auto seized = seize_leader(); !seized) return Failure(seized.error());
  const Nanoseconds began = now();
  // Threads may be made until all that could make one have stopped.
  do stop_all();
  while (seize_others());
  for (auto& [tid, thread] : threads_) {
    if (const auto stop = stops_.find(tid); stop != stops_.end()) take(stop->second, thread);
  }
  while (!stops_.empty()) let_go(std::move(stops_.extract(stops_.begin()).mapped()));
  sample_.stopped_for = now() - began;
  sample_.exe = proc_.exe(sample_.pid);
  for (auto& [tid, thread] : threads_) sample_.threads.push_back(std::move(thread));
  return std::move(sample_);
}

// While one of its threads executes a program, a leader is dead for a moment before that thread takes its
// place. One that has ended before its threads is a zombie, which nobody can seize; what its threads say
// decides then.
Result<void> Sampler::seize_leader() {
  const pid_t pid = sample_.pid;
  process::TaskStatus status = status_of(pid);
  auto seized = seize(pid);
  for (int i = 0; i < exec_retries && !seized && seized.error().code == ErrorCode::permission; ++i) {
    pause(1'000'000);
    seized = seize(pid);
  }
  if (seized) add(pid, std::move(status));
  if (seized || seize_others()) return {};
  return Failure(process::explain_refusal(proc_, pid, seized.error().errno_value));
}

bool Sampler::seize_others() {
  bool any = false;
  for (const pid_t tid : proc_.tasks(sample_.pid)) {
    if (threads_.contains(tid)) continue;
    process::TaskStatus status = status_of(tid);
    if (!seize(tid)) continue;
    add(tid, std::move(status));
    any = true;
  }
  return any;
}

Result<void> Sampler::seize(pid_t tid) {
  auto seized = seizing_.seize(tid);
  while (auto report = seizing_.next_report()) note(*std::move(report));
  return seized;
}

void Sampler::note(ptrace::WaitOutcome outcome) {
  if (auto* stop = std::get_if<ptrace::Stop>(&outcome)) {
    stops_.emplace(stop->tid(), std::move(*stop));
  } else if (const auto* ended = std::get_if<ptrace::Ended>(&outcome)) {
    threads_.erase(ended->tid);
  }
}

// As it is before it is traced: then it may show as stopped although it runs.
process::TaskStatus Sampler::status_of(pid_t tid) const {
  return proc_.status(tid).value_or(process::TaskStatus());
}

void Sampler::add(pid_t tid, process::TaskStatus status) {
  ThreadStack& thread = threads_[tid];
  thread.task = {sample_.pid, tid};
  thread.comm = std::move(status.comm);
  thread.state = status.state;
}

// Asks all that have not stopped yet, and waits for them. Who ends meanwhile is no thread of the process any
// more.
void Sampler::stop_all() {
  std::size_t awaited = 0;
  for (const auto& [tid, thread] : threads_) {
    if (!stops_.contains(tid) && ptrace::interrupt(tid)) ++awaited;
  }
  const Nanoseconds deadline = now() + patience_ns;
  while (awaited != 0) {
    auto outcome = ptrace::wait_for_any(ptrace::Block::no);
    if (auto* stop = std::get_if<ptrace::Stop>(&outcome)) {
      const pid_t tid = stop->tid();
      stops_.emplace(tid, std::move(*stop));
      --awaited;
    } else if (const auto* ended = std::get_if<ptrace::Ended>(&outcome)) {
      awaited -= threads_.erase(ended->tid);
    } else if (std::holds_alternative<ptrace::NoTracees>(outcome) || now() > deadline) {
      return;
    } else {
      pause(20'000);
    }
  }
}

void Sampler::take(const ptrace::Stop& stop, ThreadStack& thread) {
  thread.stopped = true;
  const auto registers = ptrace::registers(stop.tid());
  if (!registers) return;
  thread.is_64_bit = registers->is_64_bit();
  if (const auto call = call_of(*registers)) take_call(*call, thread);
  take_stack(*registers, thread);
}

void Sampler::take_call(const ptrace::SyscallEntry& entry, ThreadStack& thread) {
  frame_.begin(event::FrameType::syscall_enter, thread.task, now());
  event::SyscallEnterFrame fixed{{}, entry.instruction_pointer, entry.nr, entry.abi, {}};
  std::memcpy(fixed.args, entry.args, sizeof fixed.args);
  frame_.put(fixed);
  capture_.entry(thread.task, entry, *syscall::resolve(entry.abi, entry.nr, entry.args), frame_);
  const Bytes bytes = frame_.finish();
  thread.call.resize(bytes.size() / sizeof(std::uint64_t));
  std::memcpy(thread.call.data(), bytes.data(), bytes.size());
}

void Sampler::take_stack(const arch::Registers& registers, ThreadStack& thread) {
  const WalkedStack walked = walker_.walk(thread.task, registers, now());
  if (walked.frames.empty()) return;
  for (const process::Module* module : walked.modules) {
    if (module == nullptr || std::ranges::find(told_modules_, module->id) != told_modules_.end()) continue;
    told_modules_.push_back(module->id);
    sample_.book.apply({0, thread.task, event::Module{module->id, module->build_id(), module->path}});
  }
  thread.stack = static_cast<std::uint32_t>(thread.task.tid);
  sample_.book.apply({0, thread.task, event::Stack{thread.stack, walked.end, false, walked.frames}});
}

void Sampler::let_go(ptrace::Stop stop) {
  if (stop.kind() == ptrace::StopKind::trap) make_interrupted_call_again(stop.tid());
  const int signal = stop.signal_in_hand();
  std::move(stop).detach(signal);
}

}  // namespace

namespace {

Result<StoppedProcess> copy_stopped(std::span<const TaskId> tasks, process::CopySpace space,
                                    std::uint64_t room) {
  StoppedProcess process;
  process.space = std::move(space);
  for (const TaskId task : tasks) append_state(task.tid, process.image);
  auto memory = process::copy_memory(tasks.front().tid, process.space, room);
  if (!memory) return Failure(memory.error());
  process.image.memory = *std::move(memory);
  return process;
}

// Room for as much as the process has now and a little more, while it still runs: that takes longer than the
// copying. None where it is not known yet.
process::CopySpace space_for(pid_t pid, std::uint64_t room) {
  constexpr std::uint64_t little = 4 << 20;
  process::CopySpace space;
  const auto bytes = process::bytes_to_copy(pid, room);
  if (bytes && space.resize(std::min(*bytes + *bytes / 64 + little, room))) space.make_ready();
  return space;
}

// SIGCHLD is the thread's to take.
void in_thread(const std::function<void()>& tracing, const std::function<void()>& meanwhile) {
  sigset_t child;
  sigset_t before;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &child, &before);
  std::thread thread(tracing);
  meanwhile();
  thread.join();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

// In a thread of its own: the kernel ends a thread's tracing with the thread (ptrace(2)), also of a task that
// did not stop for us and that nobody could detach therefore. Otherwise it would stop when it wakes up, until
// sonde ends.
Result<stacks::ProcessStacks> sample_process(pid_t pid, const Options& options,
                                             const std::function<void()>& meanwhile) {
  Result<stacks::ProcessStacks> sample;
  in_thread([&] { sample = Sampler(pid, options).run(); }, meanwhile);
  return sample;
}

Result<StoppedProcess> copy_process(pid_t pid, std::uint64_t room) {
  Result<StoppedProcess> copied = fail(ErrorCode::gone, "it has no task that can be stopped");
  const Options options;
  in_thread(
      [&] {
        process::CopySpace space = space_for(pid, room);
        const auto stopped_for = Sampler(pid, options).stop_for([&](std::span<const TaskId> tasks) {
          if (!tasks.empty()) copied = copy_stopped(tasks, std::move(space), room);
        });
        if (!stopped_for) {
          copied = Failure(stopped_for.error());
        } else if (copied) {
          copied->stopped_for = *stopped_for;
        }
      },
      [] {});
  return copied;
}

}  // namespace sonde::record
