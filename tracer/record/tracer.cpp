#include "sonde/record/tracer.hpp"

#include <algorithm>
#include <csignal>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "sonde/base/clock.hpp"
#include "sonde/record/interrupted_call.hpp"

namespace sonde::record {

using ptrace::Stop;
using ptrace::StopKind;

namespace {

// Whether the call that begins gives its task a seccomp filter, or its strict mode, if it succeeds.
bool installs_filter(const Task& task) {
  if (task.row->name == "prctl") return task.entry.args[0] == PR_SET_SECCOMP;
  return task.row->name == "seccomp" && task.entry.args[0] <= SECCOMP_SET_MODE_FILTER;
}

// Whether code may lie elsewhere, or be another, after the call. (Only stacks of 64-bit programs are taken.)
bool maps_code(const ptrace::SyscallEntry& entry) {
  if (entry.abi != Abi::x86_64) return false;
  const bool maps = entry.nr == SYS_mmap || entry.nr == SYS_mprotect || entry.nr == SYS_pkey_mprotect;
  return (maps && (entry.args[2] & PROT_EXEC) != 0) || entry.nr == SYS_mremap;
}

bool is_exec(const ptrace::SyscallEntry& entry) {
  return entry.abi == Abi::x86_64 && (entry.nr == SYS_execve || entry.nr == SYS_execveat);
}

}  // namespace

Tracer::Tracer(const Options& options, event::Ring& ring, ControlSocket control, probes::PatchTable* patches)
    : options_(options),
      keeper_(::getppid()),
      control_(std::move(control)),
      control_signal_(control_),
      events_(options, ring,
              [this] {
                if (ControlSignal::pending()) read_control();
                return detach_requested_;
              }),
      patches_(patches),
      limiter_(options),
      waiter_(options.low_latency && has_several_cpus()) {
  if (options.low_latency) ask_for_short_slices();
  if (options.memory_file >= 0) copier_.emplace(options.memory_file, events_);
}

void Tracer::run() {
  // Not until the table is empty: a child whose parent was killed before it could tell of it is not in there.
  for (;;) {
    if (ControlSignal::pending()) {
      read_control();
      if (keeper_gone_ && options_.kill_on_exit) break;
      if (detaching_ && only_sleepers_left()) break;
    }
    if (detach_requested_ && !events_.muted()) begin_detach();
    if (!held_ends_.empty()) see_to_held_ends();
    if (std::exchange(look_requested_, false)) look();
    if (heap_) heap_->tell_memory();
    auto outcome = waiter_.wait();
    if (std::holds_alternative<ptrace::NoTracees>(outcome)) break;
    serve(std::move(outcome));
  }
  events_.mute();
}

void Tracer::serve(ptrace::WaitOutcome outcome) {
  if (auto* stop = std::get_if<Stop>(&outcome)) {
    on_stop(std::move(*stop));
  } else if (const auto* ended = std::get_if<ptrace::Ended>(&outcome)) {
    on_ended(ended->tid, ended->status);
  }
}

void Tracer::on_stop(Stop stop) {
  if (stop.kind() == StopKind::exec) return on_exec(std::move(stop));
  Task* task = tasks_.find(stop.tid());
  if (task == nullptr) task = adopt_early(stop.tid());
  if (task == nullptr) return;  // Gone already; the stop lets go of what may be left.
  if (task->let_go && !must_stay(*task)) return let_go_settled(*task, std::move(stop));
  if (begins_watch(*task, stop.kind())) {
    auto outcome = heap_->watch(*task, std::move(stop));
    auto* same = std::get_if<Stop>(&outcome);
    if (same == nullptr || ptrace::ends_program(same->kind())) return serve(std::move(outcome));
    stop = std::move(*same);
  }
  if (stop.kind() != StopKind::signal) remember_registers(*task);  // Of a breakpoint it is done there.
  switch (stop.kind()) {
    case StopKind::seccomp:
      // A task that stops at every call has been here already, before the filters ran.
      if (task->in_call) return go_on(*task, std::move(stop), 0);
      return on_syscall_stop(*task, std::move(stop));
    case StopKind::syscall:
      return on_syscall_stop(*task, std::move(stop));
    case StopKind::signal:
      return on_signal(*task, std::move(stop));
    case StopKind::group_stop: {
      // The answer to our own interrupt of a task that was stopped already is no news, unless we have just
      // come.
      const bool news = !task->interrupted || attached_;
      task->interrupted = false;
      if (detaching_) return let_go(*task, std::move(stop), 0);
      if (news && !task->let_go) events_.group_stop(task->id, stop.signal());
      task->in_group_stop = true;
      std::move(stop).listen();
      return;
    }
    case StopKind::trap:
      if (std::exchange(task->interrupted, false)) make_interrupted_call_again(stop.tid());
      if (std::exchange(task->in_group_stop, false) && task->id.pid == program_ && !detaching_) wake_keeper();
      // A child's first stop: it is about to return from the clone.
      if (task->cleared && !task->in_call)
        restore_untraced(stop.tid(), *std::exchange(task->cleared, std::nullopt));
      return go_on(*task, std::move(stop), 0);
    case StopKind::clone:
    case StopKind::fork:
    case StopKind::vfork:
      on_new_task(*task, stop.kind());
      return go_on(*task, std::move(stop), 0);
    case StopKind::exit:
      return on_ending(*task, std::move(stop));
    case StopKind::exec:  // Above.
    case StopKind::other_event:
      return go_on(*task, std::move(stop), 0);
  }
}

// The keeper stops with its program, for the shell to see; stopped, it cannot see that the program was
// continued.
void Tracer::wake_keeper() const {
  if (::getppid() == keeper_) ::kill(keeper_, SIGCONT);
}

void Tracer::on_syscall_stop(Task& task, Stop stop) {
  ptrace::SyscallInfo info;
  if (!ptrace::syscall_info(stop.tid(), info)) return go_on(task, std::move(stop), 0);
  switch (info.phase) {
    case ptrace::SyscallInfo::Phase::none:
      break;
    case ptrace::SyscallInfo::Phase::entry:
      on_entry(task, info.entry);
      break;
    case ptrace::SyscallInfo::Phase::exit:
      // Our own interrupt may have ended the call, before the stop that it asked for. To the program it goes
      // on.
      if (task.interrupted &&
          ((info.result.failed && is_restart(info.result.ret)) || make_interrupted_call_again(stop.tid())))
        break;
      if (on_exit(task, info.result)) return let_go(task, std::move(stop), 0);
      break;
  }
  go_on(task, std::move(stop), 0);
}

bool Tracer::wanted(const ptrace::SyscallEntry& entry) const {
  if (!options_.system_calls) return false;
  return !options_.may_match ||
         options_.may_match(entry.abi, entry.nr, std::span<const std::uint64_t, 6>(entry.args));
}

void Tracer::on_entry(Task& task, const ptrace::SyscallEntry& entry) {
  task.in_call = true;
  task.entry = entry;
  task.row = syscall::resolve(entry.abi, entry.nr, entry.args);
  if (options_.seccomp && installs_filter(task)) on_own_filter(task);
  if (options_.follow_children) task.cleared = clear_untraced(task.id.tid, entry, *task.row);
  const bool first_exec = task.hidden && is_exec(entry);
  task.recorded = (!task.hidden || first_exec) && !task.let_go && !events_.muted() && wanted(entry);
  if (options_.stacks && maps_code(entry)) events_.code_mapped(task.id);
  if (!task.recorded) return;
  const Nanoseconds time = now();
  if (limiter_.active()) {
    const auto verdict = limiter_.ask(entry.instruction_pointer, entry.nr, time);
    if (verdict != SiteLimiter::Verdict::record) {
      events_.left_out(verdict == SiteLimiter::Verdict::over_rate ? event::LossReason::rate_limit
                                                                  : event::LossReason::sampling);
      task.recorded = false;
      return;
    }
  }
  // The program's first exec is news once it has succeeded: until then the child is ours.
  if (first_exec) return events_.hold_entered(task, time);
  events_.entered(task, time);
}

bool Tracer::on_exit(Task& task, const ptrace::SyscallResult& result) {
  if (!std::exchange(task.in_call, false)) return false;
  if (task.cleared) restore_untraced(task.id.tid, *std::exchange(task.cleared, std::nullopt));
  if (options_.stacks && maps_code(task.entry)) events_.code_mapped(task.id);
  if (std::exchange(task.recorded, false) && !task.hidden) events_.exited(task, result);
  if (std::exchange(task.starting, false) || result.failed || options_.detach_on.empty()) return false;
  return std::find(options_.detach_on.begin(), options_.detach_on.end(), task.row->name) !=
         options_.detach_on.end();
}

// A filter of the program's own may return ERRNO, TRAP or KILL, which outrank our RET_TRACE: such calls would
// be missed. PTRACE_SYSCALL stops come before any filter runs. With TSYNC the whole process has it; threads
// that run freely are told to stop before that can happen.
void Tracer::on_own_filter(Task& task) {
  task.own_filter = true;
  if (task.row->name != "seccomp" || (task.entry.args[1] & SECCOMP_FILTER_FLAG_TSYNC) == 0) return;
  tasks_.each([&](Task& other) {
    if (other.id.pid != task.id.pid || std::exchange(other.own_filter, true)) return;
    if (!other.in_call && !other.in_group_stop) interrupt(other);
  });
}

void Tracer::on_signal(Task& task, Stop stop) {
  const int signal = stop.signal();
  if (heap_ && signal == SIGTRAP && heap_->serve(task)) return after_breakpoint(task, std::move(stop));
  remember_registers(task);
  if (heap_) heap_->before_signal(task);
  if (heap_ && signal == SIGTRAP && heap_->has_trap_handler(task.id.pid)) {
    auto outcome = heap_->take_trap_handler(task.id.pid, std::move(stop));
    auto* held = std::get_if<Stop>(&outcome);
    if (held == nullptr || held->kind() != StopKind::signal) return serve(std::move(outcome));
    stop = std::move(*held);
  }
  // Traced, a task is woken even by signals that it ignores.
  if (call_was_interrupted(stop.tid()) && ignores(stop.tid(), signal))
    make_interrupted_call_again(stop.tid());
  if (task.hidden || task.let_go) return go_on(task, std::move(stop), signal);
  const auto info = ptrace::signal_info(stop.tid());
  if (info && tell_crash(task, *info)) {
    // Whatever the other threads did meanwhile, this one is served anew.
    Task* again = tasks_.find(stop.tid());
    if (again == nullptr) return;
    events_.signal(again->id, *info);
    return go_on(*again, std::move(stop), signal);
  }
  if (info) events_.signal(task.id, *info);
  go_on(task, std::move(stop), signal);
}

// The task has its leader's tid now, whichever it had before. What that leader was is gone.
void Tracer::on_exec(Stop stop) {
  const pid_t tid = stop.tid();
  const auto former =
      static_cast<pid_t>(ptrace::event_message(tid).value_or(static_cast<std::uint64_t>(tid)));
  Task* task = tasks_.find(former);
  if (task != nullptr) {
    if (former != tid) task = &tasks_.rename(former, tid);
  } else if ((task = tasks_.find(tid)) != nullptr) {
    task->in_call = false;  // What is known of it was the old leader's.
  } else if ((task = adopt_early(tid)) == nullptr) {
    return;
  }
  if (heap_) heap_->forget(task->id.pid);
  if (copier_) copier_->forget(task->id.pid);
  task->heap = {};
  if (task->let_go) return let_go(*task, std::move(stop), 0);
  if (std::exchange(task->hidden, false)) {
    task->starting = true;
    if (task->recorded) events_.release_held();
  }
  events_.exec(task->id, former);
  events_.named(task->id);
  if (heap_ && !detaching_) {
    heap_->is_to_watch(task->id);
    interrupt(*task);  // At its next stop, before it runs anything, it can make a call for us.
  }
  go_on(*task, std::move(stop), 0);
}

void Tracer::on_ended(pid_t tid, int status) {
  Task* task = tasks_.find(tid);
  if (task == nullptr) return;
  after_end(*task);
  if (copier_ && tid == task->id.pid) copier_->forget(tid);
  if (heap_ && tid == task->id.pid) heap_->forget(tid);
  if (!task->let_go && !task->hidden) events_.ended(task->id, status);
  if (tid == program_) wake_keeper();
  tasks_.remove(tid);
}

void Tracer::go_on(Task& task, Stop stop, int signal) {
  if (detaching_) return let_go(task, std::move(stop), signal);
  const ptrace::Run run = next_run(task);
  if (run == ptrace::Run::freely) task.in_call = false;  // Its exit will not be seen.
  std::move(stop).resume(run, signal);
}

ptrace::Run Tracer::next_run(const Task& task) const {
  if (!options_.system_calls) return ptrace::Run::freely;
  if (!options_.seccomp || (task.own_filter && !events_.muted())) return ptrace::Run::to_syscall;
  // The filter announces entries; only the exit of a call that was announced and recorded is worth a stop.
  const bool exit_matters = task.cleared || (!events_.muted() && task.recorded);
  return task.in_call && exit_matters ? ptrace::Run::to_syscall : ptrace::Run::freely;
}

void Tracer::read_control() {
  ControlSignal::acknowledge();
  ControlMessage message;
  for (;;) {
    switch (control_.receive(message)) {
      case ControlSocket::State::empty:
        return;
      case ControlSocket::State::message:
        detach_requested_ |= message.kind == ControlKind::detach;
        look_requested_ |= message.kind == ControlKind::look;
        break;
      case ControlSocket::State::closed:
        detach_requested_ = true;
        keeper_gone_ = true;
        return;
    }
  }
}

// Whether the signal, delivered now, would do nothing.
bool Tracer::ignores(pid_t tid, int signal) const {
  const auto status = proc_.status(tid);
  if (!status || signal < 1 || signal > 64) return false;
  const std::uint64_t bit = std::uint64_t{1} << (signal - 1);
  if ((status->ignored_signals & bit) != 0) return true;
  const bool by_default = signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || signal == SIGCONT;
  return by_default && (status->caught_signals & bit) == 0;
}

}  // namespace sonde::record
