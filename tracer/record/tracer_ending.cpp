// The part of Tracer that minds the ends of processes whose memory is to be looked at: with its last task the
// memory goes, and what each task had in hand must be known by then.
#include <sys/syscall.h>
#include <sys/wait.h>
#include <utility>

#include "sonde/base/clock.hpp"
#include "sonde/record/tracer.hpp"

namespace sonde::record {

namespace {

constexpr Nanoseconds held_end_patience = 500'000'000;

// What a task ends with (ptrace(2), PTRACE_EVENT_EXIT), as wait(2) gives it.
int status_at_end(pid_t tid) { return static_cast<int>(ptrace::event_message(tid).value_or(0)); }

// Whether all of the process ends, as far as can be seen of this task: one that another's exec has ended
// looks like one that another's exit has.
bool ends_all(pid_t tid) {
  const auto registers = ptrace::registers(tid);
  return WIFSIGNALED(status_at_end(tid)) || (registers && registers->orig_rax == SYS_exit_group);
}

event::CopyReason how_it_ends(pid_t tid) {
  return WIFSIGNALED(status_at_end(tid)) ? event::CopyReason::killed : event::CopyReason::ends;
}

}  // namespace

void Tracer::remember_registers(Task& task) {
  if (!copier_) return;
  if (const auto registers = ptrace::registers(task.id.tid)) task.registers = *registers;
}

bool Tracer::all_are_ending(pid_t pid) {
  bool all = !heap_->shares_memory(pid);
  tasks_.each([&](const Task& task) { all &= task.id.pid != pid || task.ending; });
  return all;
}

// The task is the last of its process, or is held until the others have ended.
void Tracer::look_at_end(TaskId last) {
  heap_->tell_last_memory(last);
  if (copier_) copier_->copy(last, how_it_ends(last.tid), {});
}

// One that ends all of its process is held until the others have ended as well, so that the memory stays:
// they have been killed, and come soon.
void Tracer::on_ending(Task& task, ptrace::Stop stop) {
  task.ending = true;
  if (!heap_ || detaching_ || task.let_go || events_.muted()) return go_on(task, std::move(stop), 0);
  if (copier_) copier_->take_state(task.id);
  const TaskId id = task.id;
  if (all_are_ending(id.pid)) {
    look_at_end(id);
    go_on(task, std::move(stop), 0);
    return release_held_end(id.pid);
  }
  if (copier_ && !heap_->shares_memory(id.pid) && !held_ends_.contains(id.pid) && ends_all(id.tid)) {
    hold_end(id, std::move(stop));
  } else {
    go_on(task, std::move(stop), 0);
  }
}

// What was only looked at would be reported again and again.
void Tracer::hold_end(TaskId id, ptrace::Stop stop) {
  auto taken = ptrace::wait_for(id.tid, ptrace::Block::no);
  if (const auto* ended = std::get_if<ptrace::Ended>(&taken)) {
    std::move(stop).forget();
    return on_ended(ended->tid, ended->status);
  }
  if (auto* same = std::get_if<ptrace::Stop>(&taken)) std::move(*same).forget();
  held_ends_.try_emplace(id.pid, HeldEnd{std::move(stop), now()});
  ControlSignal::raise_soon();
}

// A task that another has ended at one of its stops: our answer to that stop may have come when it stood at
// its last one, of which nobody told then. What it had in hand is what it had before.
void Tracer::count_as_ending(Task& task) {
  if (std::exchange(task.ending, true) || !task.registers || !copier_) return;
  copier_->take_state(task.id, *task.registers);
}

void Tracer::after_end(Task& ended) {
  if (!heap_ || events_.muted() || ended.let_go) return;
  count_as_ending(ended);
  see_to_held_end(ended.id.pid);
}

// Nothing may hold a process for good: that the others come is sure as a rule, but one that executes another
// program waits for the very task that is held, and so did one that dumps core before Linux 5.16. The leader
// of a process is told of last, whenever it ended.
void Tracer::see_to_held_end(pid_t pid) {
  const auto held = held_ends_.find(pid);
  if (held == held_ends_.end()) return;
  const bool patient = now() < held->second.since + held_end_patience;
  bool all = true;
  tasks_.each([&](Task& task) {
    if (task.id.pid != pid || task.ending) return;
    const auto status = proc_.status(task.id.tid);
    if (!status || status->state == 'Z' || status->state == 'X') return count_as_ending(task);
    all = false;
  });
  if (!all && patient) return;
  if (all) look_at_end({pid, held->second.stop.tid()});
  release_held_end(pid);
}

// To be called now and then while there are any.
void Tracer::see_to_held_ends() {
  std::vector<pid_t> pids;
  for (const auto& [pid, held] : held_ends_) pids.push_back(pid);
  for (const pid_t pid : pids) see_to_held_end(pid);
  if (!held_ends_.empty()) ControlSignal::raise_soon();
}

void Tracer::release_held_end(pid_t pid) {
  auto node = held_ends_.extract(pid);
  if (node.empty()) return;
  ptrace::Stop stop = std::move(node.mapped().stop);
  Task* task = tasks_.find(stop.tid());
  if (task != nullptr) go_on(*task, std::move(stop), 0);
}

void Tracer::release_held_ends() {
  while (!held_ends_.empty()) release_held_end(held_ends_.begin()->first);
}

}  // namespace sonde::record
