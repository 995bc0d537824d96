// How the tracer comes to its tracees, and how it leaves them.
#include <ctime>
#include <unistd.h>

#include "sonde/process/attach_refusal.hpp"
#include "sonde/record/tracer.hpp"

namespace sonde::record {

using event::TaskOrigin;
using ptrace::Stop;

namespace {

constexpr int exec_retries = 20;  // A millisecond apart.

}  // namespace

Result<void> Tracer::start(process::Launch& program) {
  events_.session(false);
  const pid_t pid = program.pid();
  if (auto seized = ptrace::seize(pid, options_.for_tasks()); !seized) {
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
  ptrace::Seizing seizing(options_.for_tasks());
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
      if (heap_) heap_->is_to_watch({status.pid, pid});
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

// Every running task is asked to stop, and each stop, whatever its kind, is answered with a detach.
void Tracer::begin_detach() {
  release_held_ends();
  if (!options_.can_detach()) {
    events_.mute();
    return;
  }
  if (detaching_) return;
  take_breakpoints_out();
  detaching_ = true;
  tasks_.each([this](Task& task) { interrupt(task); });
  ControlSignal::raise_soon();
}

// Asked now and then while tasks are let go. A task that sleeps where nothing can wake it (the parent of a
// vfork; a call to a disk that does not answer) does not stop for us. When only such are left we go: the
// kernel lets go of them then.
bool Tracer::only_sleepers_left() {
  bool all_sleep = !tasks_.empty();  // Else there is nobody, or a child that nobody has told of yet.
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

void Tracer::let_go(Task& task, Stop stop, int signal) {
  const TaskId id = task.id;
  const bool announce = !task.let_go && !task.hidden;
  if (task.cleared) restore_untraced(id.tid, *task.cleared);
  take_breakpoints_out_of(task);
  if (heap_ && heap_->has_trap_handler(id.pid)) {
    auto held = take_trap_handler(task, std::move(stop));
    if (!held) return;
    stop = *std::move(held);
  }
  std::move(stop).detach(signal);
  tasks_.remove(id.tid);
  if (announce) events_.detached(id);
}

}  // namespace sonde::record
