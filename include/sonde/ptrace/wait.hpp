// The only place that calls wait4(2).
#pragma once

#include <sys/types.h>

#include <optional>
#include <variant>

#include "sonde/ptrace/stop.hpp"

namespace sonde::ptrace {

// A tracee's task that is gone: exited or killed. `status` as wait(2) gives it.
struct Ended {
  pid_t tid;
  int status;
};

struct Interrupted {};  // A signal handler of ours ran.
struct Nothing {};      // No task has anything to report now.
struct NoTracees {};    // ECHILD: there is nobody to wait for.

using WaitOutcome = std::variant<Stop, Ended, Interrupted, Nothing, NoTracees>;

enum class Block : bool { no, yes };

// The next thing that any tracee (of this process; its ordinary children too) has to report.
WaitOutcome wait_for_any(Block block);
// The same of one task.
WaitOutcome wait_for(pid_t tid, Block block);

// For a parent that traces nobody: what became of its child, if anything. With `stops`, group-stops are reported too
// (WIFSTOPPED). Never blocks.
std::optional<int> child_status(pid_t child, bool stops);

// Whether SIGCONT has continued a stopped child since its stop was reported. Never blocks.
bool child_continued(pid_t child);

// Blocks until the child has ended.
void await_end(pid_t child);

}  // namespace sonde::ptrace
