// What the tracer keeps of each task that it traces.
#pragma once

#include <memory>
#include <optional>
#include <sys/types.h>
#include <unordered_map>

#include "sonde/ptrace/requests.hpp"
#include "sonde/record/heap_calls.hpp"
#include "sonde/record/untraced_clone.hpp"
#include "sonde/syscall/table.hpp"

namespace sonde::record {

// A block was released by a function that may hand it on to another.
struct Release {
  std::uint64_t pointer;
  std::uint64_t stack_pointer;
  std::uint64_t return_address;
  Address function;
};

struct HeapTask {
  HeapCalls calls;
  std::optional<Release> release;  // The last call of an allocator, if it was one.
  Address moved_to;  // A breakpoint that was served already, which the task goes back to after a signal.
};

struct Task {
  TaskId id;
  bool in_call = false;        // An entry was seen, and its exit is to come.
  bool recorded = false;       // The entry is in the event stream.
  bool hidden = false;         // The child of ours that has not executed the program yet.
  bool starting = false;       // It has just done so, and the exit of that call is to come.
  bool interrupted = false;    // We asked it to stop, and it has not answered.
  bool in_group_stop = false;  // It listens, for what will let its process go on.
  bool let_go = false;         // To be detached at its next stop: a child that is not to be followed.
  bool own_filter =
      false;            // It has a seccomp filter of its own, which may outrank ours: trace it by every call.
  bool ending = false;  // It has stopped for the last time.
  bool crash_told = false;             // Its process is about to die, and all was said of that.
  std::optional<ClearedFlag> cleared;  // To be restored at the exit of a clone, or at a child's first stop.
  ptrace::SyscallEntry entry{};
  HeapTask heap;
  // As they were at its last stop; only kept where ends are looked at.
  std::optional<arch::Registers> registers;
  const syscall::Row* row = nullptr;  // Of the entry; never nullptr while in_call.
};

// Tasks by tid. References stay valid until the task is removed.
class TaskTable {
 public:
  // nullptr when there is no such task. The task asked for last is found at once.
  Task* find(pid_t tid);
  Task& add(TaskId id);
  void remove(pid_t tid);
  // The task `from` goes on under the tid `to`; a task that had that tid is gone. For exec by another than
  // the leader.
  Task& rename(pid_t from, pid_t to);
  bool empty() const { return tasks_.empty(); }
  std::size_t size() const { return tasks_.size(); }

  template <typename Visit>
  void each(Visit visit) {
    for (auto& [tid, task] : tasks_) visit(*task);
  }

 private:
  std::unordered_map<pid_t, std::unique_ptr<Task>> tasks_;
  Task* last_ = nullptr;
};

}  // namespace sonde::record
