// The tracer process: waits for stops, turns them into events, lets the tasks go on.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <sys/types.h>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sonde/event/ring.hpp"
#include "sonde/process/launch.hpp"
#include "sonde/process/proc_fs.hpp"
#include "sonde/ptrace/stop.hpp"
#include "sonde/ptrace/wait.hpp"
#include "sonde/record/control.hpp"
#include "sonde/record/event_writer.hpp"
#include "sonde/record/heap_capture.hpp"
#include "sonde/record/memory_copier.hpp"
#include "sonde/record/options.hpp"
#include "sonde/record/site_limiter.hpp"
#include "sonde/record/stop_waiter.hpp"
#include "sonde/record/task.hpp"

namespace sonde::record {

// One per process, which must be a child of the keeper's and have no other children and no other tracees. It
// ends with every tracee gone or detached.
class Tracer {
 public:
  // `patches` is needed with options.heap, and must outlive the tracer; else it may be null.
  Tracer(const Options& options, event::Ring& ring, ControlSocket control, probes::PatchTable* patches);

  // To be called first, and nothing else when it fails.
  Result<void> prepare_heap();

  // Traces the program, from its exec on. The launch must not have been let go.
  Result<void> start(process::Launch& program);
  // Attaches to every task of these processes, new ones included. Each refusal is sent to the keeper; how
  // many processes were attached to is the result. `own` are sonde's processes.
  int attach(std::span<const pid_t> pids, std::span<const pid_t> own);

  // Tells the keeper that a tracee was refused, and why.
  void refuse(pid_t pid, std::string_view why) { control_.send(ControlKind::refused, pid, why); }

  // Serves stops until there is no tracee left.
  void run();

 private:
  void serve(ptrace::WaitOutcome outcome);
  void on_stop(ptrace::Stop stop);
  void on_ended(pid_t tid, int status);
  void on_syscall_stop(Task& task, ptrace::Stop stop);
  void on_entry(Task& task, const ptrace::SyscallEntry& entry);
  // True when the task is to be detached (-b).
  bool on_exit(Task& task, const ptrace::SyscallResult& result);
  void on_own_filter(Task& task);
  void on_signal(Task& task, ptrace::Stop stop);
  // When the signal will end the process: tells it, after which `task` may be gone.
  bool tell_crash(Task& task, const siginfo_t& info);
  std::vector<ptrace::Stop> stop_other_threads(TaskId task, std::size_t most);
  void on_new_task(Task& parent, ptrace::StopKind kind);
  void on_exec(ptrace::Stop stop);
  void on_ending(Task& task, ptrace::Stop stop);
  void hold_end(TaskId id, ptrace::Stop stop);
  void after_end(Task& ended);
  void count_as_ending(Task& task);
  void see_to_held_end(pid_t pid);
  void see_to_held_ends();
  bool all_are_ending(pid_t pid);
  void look_at_end(TaskId last);
  void release_held_end(pid_t pid);
  void release_held_ends();
  void remember_registers(Task& task);

  Task& adopt(pid_t tid, pid_t parent_tid, event::TaskOrigin origin, pid_t pid);
  Task* adopt_early(pid_t tid);
  std::optional<std::pair<Task*, ptrace::StopKind>> maker_of(pid_t child, const process::TaskStatus& status);
  void remember_early(pid_t tid);
  void inherit(Task& child, pid_t parent_pid);
  Result<void> attach_process(pid_t pid, ptrace::Seizing& seizing);
  bool attach_tasks(pid_t pid, ptrace::Seizing& seizing);
  void take_on(pid_t tid, pid_t pid);
  void interrupt(Task& task);
  void wake_keeper() const;
  bool wanted(const ptrace::SyscallEntry& entry) const;

  // Lets a stopped task go on, in the way that the session wants: to its next stop, or for good when
  // detaching.
  void go_on(Task& task, ptrace::Stop stop, int signal);
  void let_go(Task& task, ptrace::Stop stop, int signal);
  ptrace::Run next_run(const Task& task) const;

  void copy_processes(const std::vector<ptrace::Stop>& stops, event::CopyReason reason);
  void look();
  void look_before_exec(TaskId task);
  bool begins_watch(const Task& task, ptrace::StopKind kind) const;
  void after_breakpoint(Task& task, ptrace::Stop stop);
  void inherit_breakpoints(const Task& child, const Task& parent);
  std::optional<pid_t> maker_by_memory(pid_t child);
  bool must_stay(const Task& task) const;
  void let_go_settled(Task& task, ptrace::Stop stop);
  std::vector<ptrace::Stop> stop_all(Nanoseconds patience, Nanoseconds patience_for_a_cpu = 0);
  ptrace::WaitOutcome take_served(ptrace::WaitOutcome looked_at);
  static void drop_what_is_over(std::vector<ptrace::Stop>& stops);
  void take_breakpoints_out();
  void take_breakpoints_out_of(const Task& child);
  std::optional<ptrace::Stop> take_trap_handler(Task& task, ptrace::Stop stop);

  void read_control();
  void begin_detach();
  bool only_sleepers_left();
  bool ignores(pid_t tid, int signal) const;

  const Options& options_;
  const pid_t keeper_;
  pid_t program_ = 0;  // That we have started; 0 for none.
  ControlSocket control_;
  ControlSignal control_signal_;
  EventWriter events_;
  probes::PatchTable* const patches_;
  std::optional<HeapCapture> heap_;     // With options_.heap.
  std::optional<MemoryCopier> copier_;  // With options_.memory_file.
  struct HeldEnd {
    ptrace::Stop stop;
    Nanoseconds since;
  };
  std::unordered_map<pid_t, HeldEnd> held_ends_;  // By process: see on_ending().
  SiteLimiter limiter_;
  StopWaiter waiter_;
  process::ProcFs proc_;
  TaskTable tasks_;
  std::vector<pid_t> early_;  // Taken on before their parents' events, which may come after their ends.
  bool attached_ = false;
  bool detach_requested_ = false;
  bool look_requested_ = false;
  bool keeper_gone_ = false;
  bool detaching_ = false;  // Every stop is answered with a detach.
};

}  // namespace sonde::record
