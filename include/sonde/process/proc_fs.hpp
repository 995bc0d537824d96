// What /proc says of processes (proc(5)). Every text of it is bounded and untrusted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "sonde/base/types.hpp"

namespace sonde::process {

struct TaskStatus {
  pid_t pid = 0;         // Tgid: the process that the task belongs to.
  pid_t parent_pid = 0;  // PPid
  pid_t tracer_pid = 0;  // TracerPid; 0 when nobody traces it, or the tracer is outside our pid namespace.
  pid_t own_pid = 0;     // NSpid, the last: what the task's id is to itself, in its own pid namespace.
  uid_t uid = 0;         // Real.
  uid_t effective_uid = 0;
  char state = '?';  // R, S, D, T, t, Z, X ...
  std::uint64_t ignored_signals =
      0;  // SigIgn: bit N - 1 for signal N, those ignored by default not among them.
  std::uint64_t caught_signals = 0;  // SigCgt: those with a handler.
  int seccomp = 0;                   // Seccomp: 0 for none, 1 for strict, 2 for filters.
  std::string comm{};                // Name: what ProcFs::comm() tells, without reading a file more.
};

// Bytes of a process's memory that are in RAM, and those of them that belong to files or are shared.
struct ResidentMemory {
  std::uint64_t all = 0;
  std::uint64_t of_files = 0;  // At most `all`.
};

// A view of one procfs; another root than /proc is for tests.
class ProcFs {
 public:
  explicit ProcFs(std::string root = "/proc") : root_(std::move(root)) {}

  // Empty when there is no such task.
  std::optional<TaskStatus> status(pid_t tid) const;
  // All tasks of a process, ascending; empty when it is gone.
  std::vector<pid_t> tasks(pid_t pid) const;
  bool has_task(pid_t pid, pid_t tid) const;
  bool is_kernel_thread(pid_t pid) const;
  // Up to 15 bytes; empty when unknown.
  std::string comm(pid_t tid) const;
  // What /proc/PID/exe names; empty when it cannot be read.
  std::string exe(pid_t pid) const;
  // The text of /proc/PID/maps; empty when it cannot be read.
  std::string maps(pid_t pid) const;
  // From /proc/PID/statm; empty when there is no such process, or it has no memory any more.
  std::optional<ResidentMemory> resident(pid_t pid) const;
  // Where a task that sleeps will go on, by /proc/PID/syscall; 0 for one that runs, or that we may not trace.
  Address sleeps_at(pid_t tid) const;
  // The owner of the files in /proc/PID: root for a process that is not dumpable (the folder itself does not
  // tell).
  std::optional<uid_t> owner(pid_t pid) const;
  // /proc/sys/kernel/yama/ptrace_scope; empty on a kernel without Yama.
  std::optional<int> yama_scope() const;
  // The effective capabilities of the calling process, as bits.
  std::uint64_t own_capabilities() const;

 private:
  std::string read(std::string_view path) const;
  std::string root_;
};

}  // namespace sonde::process
