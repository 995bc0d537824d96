// The part of Tracer that minds breakpoints: whoever has them in its memory must be traced, and nobody may be
// let go before they are out.
#include <algorithm>
#include <ctime>
#include <map>
#include <set>
#include <sys/syscall.h>
#include <utility>

#include "sonde/base/clock.hpp"
#include "sonde/memory/process_memory.hpp"
#include "sonde/probes/settle.hpp"
#include "sonde/ptrace/remote_call.hpp"
#include "sonde/record/tracer.hpp"

namespace sonde::record {

namespace {

// For tasks that do not stop: uninterruptible sleep, no breakpoint.
constexpr Nanoseconds patience_of_detach = 1'000'000'000;
// For tasks that only wait for a CPU, and may be at a breakpoint.
constexpr Nanoseconds patience_with_cpus = 30'000'000'000;
constexpr Nanoseconds patience_of_a_look = 50'000'000;

// Whether a task that is about to end leaves the others of its process running.
bool ends_alone(pid_t tid) {
  const auto registers = ptrace::registers(tid);
  return registers && registers->orig_rax == SYS_exit;
}

}  // namespace

Result<void> Tracer::prepare_heap() {
  if (!options_.heap) return {};
  SONDE_CHECK(patches_ != nullptr);
  auto heap = HeapCapture::make(options_, events_, *patches_);
  if (!heap) return Failure(std::move(heap.error()));
  heap_.emplace(*std::move(heap));
  return {};
}

// A process that was just come to, or that has just executed a program. Before anything of it is changed it
// is made safe against our death, by a call of the first task that can make one.
bool Tracer::begins_watch(const Task& task, ptrace::StopKind kind) const {
  return heap_ && !detaching_ && !task.let_go && ptrace::can_call(kind) &&
         heap_->is_to_be_watched(task.id.pid);
}

void Tracer::after_breakpoint(Task& task, ptrace::Stop stop) {
  if (!detaching_ && heap_->executes()) {
    const TaskId id = task.id;
    look_before_exec(id);
    Task* again = tasks_.find(id.tid);  // Whatever the others did meanwhile.
    if (again != nullptr) go_on(*again, std::move(stop), 0);
    return;
  }
  if (detaching_ || !heap_->trap_handler_is_due()) return go_on(task, std::move(stop), 0);
  auto outcome = heap_->give_trap_handler(task, std::move(stop));
  auto* held = std::get_if<ptrace::Stop>(&outcome);
  if (held == nullptr || ptrace::ends_program(held->kind())) return serve(std::move(outcome));
  go_on(task, std::move(*held), 0);
}

// The first task of a process that is let go takes the handler out; where it cannot do so yet, in the middle
// of a system call, it stays until it can. Empty when it has not been let go.
std::optional<ptrace::Stop> Tracer::take_trap_handler(Task& task, ptrace::Stop stop) {
  if (!ptrace::can_call(stop.kind())) {
    interrupt(task);
    std::move(stop).resume(ptrace::Run::freely, 0);
    return std::nullopt;
  }
  auto outcome = heap_->take_trap_handler(task.id.pid, std::move(stop));
  auto* held = std::get_if<ptrace::Stop>(&outcome);
  if (held != nullptr && !ptrace::ends_program(held->kind())) return std::move(*held);
  serve(std::move(outcome));
  return std::nullopt;
}

// Of processes that go on: of one that is ending some tasks may be gone already, and its end is looked at.
void Tracer::copy_processes(const std::vector<ptrace::Stop>& stops, event::CopyReason reason) {
  if (!copier_) return;
  std::map<pid_t, std::vector<pid_t>> processes;
  std::set<pid_t> ending;
  for (const ptrace::Stop& stop : stops) {
    const Task* task = tasks_.find(stop.tid());
    if (task == nullptr || task->let_go || heap_->shares_memory(task->id.pid)) continue;
    processes[task->id.pid].push_back(stop.tid());
    if (stop.kind() == ptrace::StopKind::exit && !ends_alone(stop.tid())) ending.insert(task->id.pid);
  }
  for (const auto& [pid, tids] : processes)
    if (!ending.contains(pid)) copier_->copy({pid, tids.front()}, reason, tids);
}

// Everybody stands still for it, and goes on as if nothing had been.
void Tracer::look() {
  // What the console has not read yet it would only get later.
  if (!copier_ || detaching_ || events_.muted() || copier_->has_images()) return;
  auto stops = stop_all(patience_of_a_look);
  copy_processes(stops, event::CopyReason::looked);
  for (auto& stop : stops) on_stop(std::move(stop));
}

// What a process has that was forked is its maker's, whom it will be asked of.
void Tracer::look_before_exec(TaskId task) {
  if (!copier_ || events_.muted() || heap_->shares_memory(task.pid) || heap_->is_forked(task.pid)) return;
  auto stops = stop_other_threads(task, tasks_.size());
  std::vector<pid_t> held{task.tid};
  for (const auto& stop : stops) held.push_back(stop.tid());
  copier_->copy(task, event::CopyReason::executes, held);
  for (auto& stop : stops) on_stop(std::move(stop));
}

// A new process. Its parent's breakpoints are in its memory too.
void Tracer::inherit_breakpoints(const Task& child, const Task& parent) {
  if (heap_ && child.id.tid == child.id.pid) heap_->inherit(child.id.pid, parent.id);
}

// A new process of which nobody has told. Whose breakpoints it has says its memory, and so who has made it:
// its parent may have been killed, or be another than its maker.
std::optional<pid_t> Tracer::maker_by_memory(pid_t child) {
  if (!heap_) return std::nullopt;
  std::optional<TaskId> sharing;
  tasks_.each([&](const Task& other) {
    if (!sharing && memory::same_memory(child, other.id.tid)) sharing = other.id;
  });
  if (!sharing) return heap_->recognise(child);
  heap_->inherit(child, *sharing);
  return sharing->pid;
}

// A task that is not to be followed, at its first stop. It cannot go yet while it uses its parent's memory.
bool Tracer::must_stay(const Task& task) const {
  return heap_ && !detaching_ && heap_->shares_memory(task.id.pid);
}

// A task that is not followed: it may have run into a breakpoint of those that it has from its parent.
void Tracer::let_go_settled(Task& task, ptrace::Stop stop) {
  if (!heap_) {
    const int signal = stop.signal_in_hand();
    return let_go(task, std::move(stop), signal);
  }
  auto [outcome, signal] = probes::settle(std::move(stop), heap_->patches_of(task.id.pid));
  if (auto* held = std::get_if<ptrace::Stop>(&outcome)) {
    let_go(task, std::move(*held), signal);
  } else if (const auto* ended = std::get_if<ptrace::Ended>(&outcome)) {
    on_ended(ended->tid, ended->status);
  }
}

// A stop that was taken is over for the kernel: if we died then, a task at a breakpoint would go on behind
// it. So it is put where it goes on before the stop is taken.
ptrace::WaitOutcome Tracer::take_served(ptrace::WaitOutcome looked_at) {
  auto* stop = std::get_if<ptrace::Stop>(&looked_at);
  if (stop == nullptr || stop->kind() == ptrace::StopKind::exec) return looked_at;
  Task* task = tasks_.find(stop->tid());
  const bool stays = task != nullptr && (!task->let_go || must_stay(*task));
  const bool served = heap_ && stays && stop->signal_in_hand() == SIGTRAP && heap_->serve(*task);
  auto taken = ptrace::take(std::move(*stop));
  auto* same = std::get_if<ptrace::Stop>(&taken);
  if (!served || same == nullptr || same->signal_in_hand() != SIGTRAP) return taken;
  return std::move(*same).as(ptrace::StopKind::trap, 0);
}

// All tasks stopped, but for those that cannot be. What tells of the end of a task, or of a change of its
// program, is served meanwhile.
std::vector<ptrace::Stop> Tracer::stop_all(Nanoseconds patience, Nanoseconds patience_for_a_cpu) {
  std::set<pid_t> awaited;
  tasks_.each([&](Task& task) {
    if (task.ending) return;
    interrupt(task);
    awaited.insert(task.id.tid);
  });
  std::vector<ptrace::Stop> stops;
  const Nanoseconds began = now();
  const auto still = [&] {
    const Nanoseconds waited = now() - began;
    return waited < patience ||
           (waited < patience_for_a_cpu && std::ranges::any_of(awaited, ptrace::is_running));
  };
  while (!awaited.empty() && still()) {
    auto outcome = take_served(ptrace::look_at_any(ptrace::Block::no));
    if (auto* stop = std::get_if<ptrace::Stop>(&outcome)) {
      const pid_t tid = stop->tid();
      Task* task = tasks_.find(tid);
      if (stop->kind() == ptrace::StopKind::exec || (task != nullptr && task->let_go && !must_stay(*task))) {
        on_stop(std::move(*stop));
        std::erase_if(awaited, [&](pid_t one) { return tasks_.find(one) == nullptr; });
        continue;
      }
      if (task == nullptr) task = adopt_early(tid);
      if (task == nullptr) continue;
      if (ptrace::makes_task(stop->kind())) {
        on_new_task(*task, stop->kind());
        if (const auto child = ptrace::event_message(tid)) awaited.insert(static_cast<pid_t>(*child));
      }
      awaited.erase(tid);
      const auto before = std::find_if(stops.begin(), stops.end(),
                                       [&](const ptrace::Stop& other) { return other.tid() == tid; });
      if (before != stops.end()) {
        std::move(*before).forget();
        *before = std::move(*stop);
      } else {
        stops.push_back(std::move(*stop));
      }
    } else if (const auto* ended = std::get_if<ptrace::Ended>(&outcome)) {
      awaited.erase(ended->tid);
      std::erase_if(stops, [&](const ptrace::Stop& other) { return other.tid() == ended->tid; });
      on_ended(ended->tid, ended->status);
    } else if (std::holds_alternative<ptrace::NoTracees>(outcome)) {
      break;
    } else {
      const timespec moment{0, 20'000};
      ::nanosleep(&moment, nullptr);
    }
  }
  drop_what_is_over(stops);
  return stops;
}

// Of those that stopped first, some may have been killed by the exit of one that stopped last.
void Tracer::drop_what_is_over(std::vector<ptrace::Stop>& stops) {
  std::erase_if(stops, [](ptrace::Stop& stop) {
    const bool over = ptrace::is_over(stop);
    if (over) std::move(stop).forget();
    return over;
  });
}

// A child that is let go where it has stopped for the first time: what it has of its maker's breakpoints goes
// with us. That is one that is not followed, or one that comes when all others have given theirs back,
// because its maker was killed before it could tell.
void Tracer::take_breakpoints_out_of(const Task& child) {
  const pid_t pid = child.id.pid;
  if (!heap_ || child.id.tid != pid || heap_->shares_memory(pid)) return;
  if (child.let_go) {
    heap_->leave(pid);
  } else if (detaching_) {
    heap_->restore(pid);
  }
}

// Before anybody is let go: each task where it would be without breakpoints, then those out of memory.
void Tracer::take_breakpoints_out() {
  if (!heap_) return;
  std::vector<ptrace::Stop> settled;
  std::vector<int> signals;
  for (auto& stopped : stop_all(patience_of_detach, patience_with_cpus)) {
    const Task* task = tasks_.find(stopped.tid());
    if (task == nullptr) continue;
    auto [outcome, signal] = probes::settle(std::move(stopped), heap_->patches_of(task->id.pid));
    if (auto* held = std::get_if<ptrace::Stop>(&outcome)) {
      settled.push_back(std::move(*held));
      signals.push_back(signal);
    } else if (const auto* ended = std::get_if<ptrace::Ended>(&outcome)) {
      on_ended(ended->tid, ended->status);
    }
  }
  heap_->restore_all();
  if (options_.copy_when_left) copy_processes(settled, event::CopyReason::left);
  detaching_ = true;
  for (std::size_t i = 0; i < settled.size(); ++i) {
    ptrace::Stop& stop = settled[i];
    const int signal = signals[i];
    Task* task = tasks_.find(stop.tid());
    if (task == nullptr) continue;
    // Its own stop's answer, but for the SIGTRAP that was ours.
    if (stop.signal_in_hand() != signal) {
      let_go(*task, std::move(stop), signal);
    } else {
      on_stop(std::move(stop));
    }
  }
}

}  // namespace sonde::record
