#include "sonde/record/tracer.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "sonde/base/clock.hpp"
#include "sonde/process/attach_refusal.hpp"
#include "sonde/record/interrupted_call.hpp"

namespace sonde::record {

using event::TaskOrigin;
using ptrace::Stop;
using ptrace::StopKind;

namespace {

ptrace::Options ptrace_options(const Options& options) {
  return {.threads = true,
          .children = options.follow_children,
          .seccomp = options.seccomp,
          .kill_on_exit = options.kill_on_exit || options.seccomp};
}

constexpr int exec_retries = 20;  // A millisecond apart.

TaskOrigin origin_of(StopKind kind) {
  if (kind == StopKind::fork) return TaskOrigin::fork;
  return kind == StopKind::vfork ? TaskOrigin::vfork : TaskOrigin::clone;
}

// The kernel makes the call again by itself, unless a handler runs: ERESTARTSYS to ERESTART_RESTARTBLOCK of
// linux/errno.h, which is not for user space.
bool restarts(const ptrace::SyscallResult& result) {
  return result.failed && ((result.ret >= -514 && result.ret <= -512) || result.ret == -516);
}

// Whether a call that has succeeded gave its task a seccomp filter, or its strict mode.
bool installs_filter(const ptrace::SyscallEntry& entry) {
  if (entry.abi != Abi::x86_64) return false;
  if (entry.nr == SYS_prctl) return entry.args[0] == PR_SET_SECCOMP;
  return entry.nr == SYS_seccomp && entry.args[0] <= SECCOMP_SET_MODE_FILTER;
}

bool is_exec(const ptrace::SyscallEntry& entry) {
  return entry.abi == Abi::x86_64 && (entry.nr == SYS_execve || entry.nr == SYS_execveat);
}

}  // namespace

Tracer::Tracer(const Options& options, event::Ring& ring, ControlSocket control)
    : options_(options),
      keeper_(::getppid()),
      control_(std::move(control)),
      control_signal_(control_),
      events_(options, ring,
              [this] {
                if (ControlSignal::pending()) read_control();
                return detach_requested_;
              }),
      limiter_(options),
      waiter_(options.low_latency && has_several_cpus()) {}

Result<void> Tracer::start(process::Launch& program) {
  events_.session(false);
  const pid_t pid = program.pid();
  if (auto seized = ptrace::seize(pid, ptrace_options(options_)); !seized) {
    return Failure(process::explain_refusal(proc_, pid, seized.error().errno_value));
  }
  program_ = pid;
  Task& task = adopt(pid, 0, TaskOrigin::program, pid);
  task.hidden = true;
  if (!options_.seccomp) {
    // Only a stopped task can be told to stop at system calls. It sleeps in a read until it is let go, so the
    // trap comes at once.
    interrupt(task);
    serve(ptrace::wait_for(pid, ptrace::Block::yes));
  }
  program.go();
  return {};
}

int Tracer::attach(std::span<const pid_t> pids, std::span<const pid_t> own) {
  attached_ = true;
  events_.session(true);
  ptrace::Seizing seizing(ptrace_options(options_));
  int attached = 0;
  for (const pid_t pid : pids) {
    if (auto checked = process::check_attachable(proc_, pid, own); !checked) {
      refuse(pid, checked.error().message());
      continue;
    }
    if (tasks_.find(pid) != nullptr) continue;
    if (auto done = attach_process(pid, seizing); !done) {
      refuse(pid, done.error().message());
    } else {
      ++attached;
    }
  }
  while (auto report = seizing.next_report()) serve(*std::move(report));
  return attached;
}

// The named task first, which is the leader as a rule: its refusal is the process's. A leader that has ended
// before its threads is a zombie, which nobody can attach to; then what can be is what the threads say. It
// may also be dead for a moment only, while one of its threads executes a program and takes its place.
Result<void> Tracer::attach_process(pid_t pid, ptrace::Seizing& seizing) {
  for (int tries = exec_retries;; --tries) {
    const auto seized = seizing.seize(pid);
    const auto status = proc_.status(pid).value_or(process::TaskStatus{pid});
    if (seized) take_on(pid, status.pid);
    const bool threads = (seized || status.state == 'Z') && attach_tasks(status.pid, seizing);
    if (seized || threads) {
      events_.named({status.pid, pid});
      return {};
    }
    if (tries == 0 || seized.error().code != ErrorCode::permission) {
      return Failure(process::explain_refusal(proc_, pid, seized.error().errno_value));
    }
    const timespec moment{0, 1'000'000};
    ::nanosleep(&moment, nullptr);
  }
}

// A task that is already seized brings the threads that it creates with it, so once a whole look at the list
// finds nobody new, and nobody gone, nobody is missing. A tid that we have seized may belong to another task
// by now, one that executes a program and has taken the place of its leader: so those are asked as well, and
// refuse if all is well.
bool Tracer::attach_tasks(pid_t pid, ptrace::Seizing& seizing) {
  bool any = false;
  for (bool changed = true; changed;) {
    changed = false;
    for (const pid_t tid : proc_.tasks(pid)) {
      const auto seized = seizing.seize(tid);
      if (seized) take_on(tid, pid);
      any |= seized.has_value();
      changed |= seized || seized.error().code == ErrorCode::gone;
    }
  }
  return any;
}

// A task that was just seized. While we waited for that it may have executed a program, and have its leader's
// tid now: then it is nobody's under its own, and the leader that we know is not there any more.
void Tracer::take_on(pid_t tid, pid_t pid) {
  if (!ptrace::interrupt(tid)) {
    const auto leader = proc_.status(pid);
    if (tid == pid || !leader || leader->tracer_pid != ::getpid() || !ptrace::interrupt(pid)) return;
    tid = pid;
  }
  Task* known = tasks_.find(tid);
  if (known == nullptr) known = &adopt(tid, 0, TaskOrigin::attached, pid);
  known->interrupted = true;
}

void Tracer::interrupt(Task& task) { task.interrupted = ptrace::interrupt(task.id.tid); }

void Tracer::run() {
  // Not until the table is empty: a child whose parent was killed before it could tell of it is not in there.
  for (;;) {
    if (ControlSignal::pending()) {
      read_control();
      if (detaching_ && only_sleepers_left()) break;
    }
    if (detach_requested_ && !events_.muted()) begin_detach();
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
  Task* task = tasks_.find(stop.tid());
  if (task == nullptr) task = adopt_early(stop.tid());
  if (task == nullptr) return;  // Gone already; the stop lets go of what may be left.
  const int in_hand = stop.signal_in_hand();
  if (task->let_go) return let_go(*task, std::move(stop), in_hand);
  switch (stop.kind()) {
    case StopKind::seccomp:
      // A task that stops at every call has been here already, before the filters ran.
      if (task->own_filter) return go_on(*task, std::move(stop), 0);
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
      if (news) events_.group_stop(task->id, stop.signal());
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
    case StopKind::exec:
      task = on_exec(*task);
      return go_on(*task, std::move(stop), 0);
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
      if (task.interrupted && (restarts(info.result) || make_interrupted_call_again(stop.tid()))) break;
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
  if (options_.follow_children) task.cleared = clear_untraced(task.id.tid, entry);
  const bool first_exec = task.hidden && is_exec(entry);
  task.recorded = (!task.hidden || first_exec) && !events_.muted() && wanted(entry);
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
  if (options_.seccomp && !result.failed && installs_filter(task.entry)) on_own_filter(task);
  if (std::exchange(task.recorded, false) && !task.hidden) events_.exited(task, result);
  if (std::exchange(task.starting, false) || result.failed || options_.detach_on.empty() ||
      task.entry.abi != Abi::x86_64)
    return false;
  return std::find(options_.detach_on.begin(), options_.detach_on.end(), task.entry.nr) !=
         options_.detach_on.end();
}

// A filter of the program's own may return ERRNO, TRAP or KILL, which outrank our RET_TRACE: such calls would
// be missed. PTRACE_SYSCALL stops come before any filter runs. With TSYNC the whole process has it.
void Tracer::on_own_filter(Task& task) {
  const bool whole_process =
      task.entry.nr == SYS_seccomp && (task.entry.args[1] & SECCOMP_FILTER_FLAG_TSYNC) != 0;
  task.own_filter = true;
  if (!whole_process) return;
  tasks_.each([&](Task& other) { other.own_filter |= other.id.pid == task.id.pid; });
}

void Tracer::on_signal(Task& task, Stop stop) {
  const int signal = stop.signal();
  // Traced, a task is woken even by signals that it ignores.
  if (call_was_interrupted(stop.tid()) && ignores(stop.tid(), signal))
    make_interrupted_call_again(stop.tid());
  if (!task.hidden) {
    if (const auto info = ptrace::signal_info(stop.tid())) events_.signal(task.id, *info);
  }
  go_on(task, std::move(stop), signal);
}

void Tracer::on_new_task(Task& parent, StopKind kind) {
  const auto tid = ptrace::event_message(parent.id.tid);
  if (!tid || tasks_.find(static_cast<pid_t>(*tid)) != nullptr) return;
  const auto child = static_cast<pid_t>(*tid);
  const bool thread = kind == StopKind::clone && proc_.has_task(parent.id.pid, child);
  Task& task = adopt(child, parent.id.tid, origin_of(kind), thread ? parent.id.pid : child);
  task.hidden = parent.hidden;
  task.own_filter = parent.own_filter;
  task.cleared = parent.cleared;
}

Task* Tracer::on_exec(Task& task) {
  Task* now_leader = &task;
  const auto old_tid = ptrace::event_message(task.id.tid);
  const auto former = static_cast<pid_t>(old_tid.value_or(static_cast<std::uint64_t>(task.id.tid)));
  if (former != task.id.tid) {
    if (tasks_.find(former) != nullptr) {
      now_leader = &tasks_.rename(former, task.id.pid);
    } else {
      task.in_call = false;  // What is known of it was the old leader's.
    }
  }
  if (std::exchange(now_leader->hidden, false)) {
    now_leader->starting = true;
    if (now_leader->recorded) events_.release_held();
  }
  events_.exec(now_leader->id, former);
  events_.named(now_leader->id);
  return now_leader;
}

void Tracer::on_ended(pid_t tid, int status) {
  const Task* task = tasks_.find(tid);
  if (task == nullptr) return;
  if (!task->let_go && !task->hidden) events_.ended(task->id, status);
  if (tid == program_) wake_keeper();
  tasks_.remove(tid);
}

Task& Tracer::adopt(pid_t tid, pid_t parent_tid, TaskOrigin origin, pid_t pid) {
  Task& task = tasks_.add({pid, tid});
  const bool is_child =
      origin == TaskOrigin::fork || origin == TaskOrigin::vfork || origin == TaskOrigin::clone;
  task.let_go = is_child && !options_.follow_children && pid == tid;
  if (!task.let_go) events_.started(task.id, parent_tid, origin);
  return task;
}

// A child may stop before its parent's event says where it comes from, and the parent may die before it can
// say so: the child is taken on at once, with what /proc knows of it.
Task* Tracer::adopt_early(pid_t tid) {
  const auto status = proc_.status(tid);
  if (!status) return nullptr;
  const bool thread = status->pid != tid;
  const pid_t parent = thread ? status->pid : status->parent_pid;
  Task& task = adopt(tid, parent, thread ? TaskOrigin::clone : TaskOrigin::fork, status->pid);
  inherit(task, parent);
  return &task;
}

// What a child has of its parent's state, where the parent's event did not tell which task that is: any task
// of the parent's process may have been the one.
void Tracer::inherit(Task& child, pid_t parent_pid) {
  tasks_.each([&](const Task& other) {
    if (&other == &child) return;
    if (other.id.pid == parent_pid) child.own_filter |= other.own_filter;
    if (other.cleared && other.in_call) child.cleared = other.cleared;
  });
}

void Tracer::go_on(Task& task, Stop stop, int signal) {
  if (detaching_) return let_go(task, std::move(stop), signal);
  std::move(stop).resume(next_run(task), signal);
}

ptrace::Run Tracer::next_run(const Task& task) const {
  if (!options_.system_calls) return ptrace::Run::freely;
  if (!options_.seccomp || (task.own_filter && !events_.muted())) return ptrace::Run::to_syscall;
  // The filter announces entries; only the exit of a call that was announced and recorded is worth a stop.
  const bool exit_matters =
      task.cleared || (!events_.muted() && (task.recorded || installs_filter(task.entry)));
  return task.in_call && exit_matters ? ptrace::Run::to_syscall : ptrace::Run::freely;
}

void Tracer::let_go(Task& task, Stop stop, int signal) {
  const TaskId id = task.id;
  const bool announce = !task.let_go && !task.hidden;
  if (task.cleared) restore_untraced(id.tid, *task.cleared);
  std::move(stop).detach(signal);
  tasks_.remove(id.tid);
  if (announce) events_.detached(id);
}

void Tracer::read_control() {
  ControlSignal::acknowledge();
  ControlMessage message;
  for (;;) {
    switch (control_.receive(message)) {
      case ControlSocket::State::empty:
        return;
      case ControlSocket::State::message:
        if (message.kind == ControlKind::detach) detach_requested_ = true;
        break;
      case ControlSocket::State::closed:
        detach_requested_ = true;
        return;
    }
  }
}

// Every running task is asked to stop, and each stop, whatever its kind, is answered with a detach.
void Tracer::begin_detach() {
  if (!options_.can_detach()) {
    events_.mute();
    return;
  }
  if (std::exchange(detaching_, true)) return;
  tasks_.each([this](Task& task) { interrupt(task); });
  ControlSignal::raise_soon();
}

// Asked now and then while tasks are let go. A task that sleeps where nothing can wake it (the parent of a
// vfork; a call to a disk that does not answer) does not stop for us. When only such are left we go: the
// kernel lets go of them then.
bool Tracer::only_sleepers_left() {
  bool all_sleep = true;
  tasks_.each([&](const Task& task) {
    const auto status = proc_.status(task.id.tid);
    all_sleep &= !status || status->state == 'D';
  });
  if (!all_sleep) {
    ControlSignal::raise_soon();
    return false;
  }
  tasks_.each([this](const Task& task) { events_.detached(task.id); });
  return true;
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
