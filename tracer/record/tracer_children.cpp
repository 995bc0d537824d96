// The part of Tracer that takes on the tasks that tracees make.
#include <algorithm>
#include <utility>

#include "sonde/record/tracer.hpp"

namespace sonde::record {

using event::TaskOrigin;
using ptrace::StopKind;

namespace {

constexpr std::size_t early_remembered = 256;

TaskOrigin origin_of(StopKind kind) {
  if (kind == StopKind::fork) return TaskOrigin::fork;
  return kind == StopKind::vfork ? TaskOrigin::vfork : TaskOrigin::clone;
}

}  // namespace

void Tracer::on_new_task(Task& parent, StopKind kind) {
  const auto tid = ptrace::event_message(parent.id.tid);
  if (!tid) return;
  const auto child = static_cast<pid_t>(*tid);
  if (std::erase(early_, child) != 0 || tasks_.find(child) != nullptr) return;
  const bool thread = kind == StopKind::clone && proc_.has_task(parent.id.pid, child);
  Task& task = adopt(child, parent.id.tid, origin_of(kind), thread ? parent.id.pid : child);
  inherit_breakpoints(task, parent);
  task.hidden = parent.hidden;
  task.own_filter = parent.own_filter;
  task.cleared = parent.cleared;
}

Task& Tracer::adopt(pid_t tid, pid_t parent_tid, TaskOrigin origin, pid_t pid) {
  Task& task = tasks_.add({pid, tid});
  const bool is_child =
      origin == TaskOrigin::fork || origin == TaskOrigin::vfork || origin == TaskOrigin::clone;
  task.let_go = is_child && !options_.follow_children && pid == tid;
  if (!task.let_go) events_.started(task.id, parent_tid, origin);
  return task;
}

// The first stop of a child is often reported before its parent's event, since wait4(2) begins with the
// newest tracee, and the parent may die before it can tell: the child is taken on at once. As a rule the
// parent stands at its event already; else what its memory and /proc tell of the child must do.
Task* Tracer::adopt_early(pid_t tid) {
  const auto status = proc_.status(tid);
  if (!status) return nullptr;
  if (const auto maker = maker_of(tid, *status)) on_new_task(*maker->first, maker->second);
  remember_early(tid);
  if (Task* task = tasks_.find(tid)) return task;
  const bool thread = status->pid != tid;
  const pid_t parent = thread ? status->pid : maker_by_memory(tid).value_or(status->parent_pid);
  Task& task = adopt(tid, parent, thread ? TaskOrigin::clone : TaskOrigin::fork, status->pid);
  inherit(task, parent);
  return &task;
}

// The task that stands at the event that tells of this child, and which event that is. Threads and children
// come from the process that they say, but for CLONE_PARENT; its tasks are asked first, for they are few.
std::optional<std::pair<Task*, StopKind>> Tracer::maker_of(pid_t child, const process::TaskStatus& status) {
  const pid_t pid = status.pid != child ? status.pid : status.parent_pid;
  std::optional<std::pair<Task*, StopKind>> found;
  for (const bool related : {true, false}) {
    tasks_.each([&](Task& task) {
      if (found || (task.id.pid == pid) != related) return;
      const auto event = ptrace::event_in_hand(task.id.tid);
      if (!event || !ptrace::makes_task(*event)) return;
      if (ptrace::event_message(task.id.tid) == static_cast<std::uint64_t>(child))
        found.emplace(&task, *event);
    });
  }
  return found;
}

// Taken on already when its parent's event comes. A parent that was killed never tells: the oldest are
// forgotten, whose news would have come long ago.
void Tracer::remember_early(pid_t tid) {
  if (early_.size() == early_remembered) early_.erase(early_.begin());
  if (std::find(early_.begin(), early_.end(), tid) == early_.end()) early_.push_back(tid);
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

}  // namespace sonde::record
