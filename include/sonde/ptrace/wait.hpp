// The only place that calls wait4(2).
#pragma once

#include <csignal>
#include <cstddef>
#include <functional>
#include <optional>
#include <sys/types.h>
#include <variant>
#include <vector>

#include "sonde/ptrace/requests.hpp"
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

// As wait_for_any(), but a stop is only looked at: it is reported again until it is answered. If we die
// before that the task gets the signal in hand, where of a stop that was taken it is lost
// (wait_task_stopped() of the kernel's kernel/exit.c, which clears the code that ptrace_stop() returns).
WaitOutcome look_at_any(Block block);
// The same of one task. Never blocks.
WaitOutcome look_at(pid_t tid);

// Takes a stop that was only looked at, so that nobody is told of it again: for one that is not answered
// before the next wait. The outcome is the same stop, or what has come since: SIGKILL ends a stop.
WaitOutcome take(Stop stop);

// Waits for what one task that runs reports next, and looks at it as look_at_any(). Nothing where it has
// ended and that is not to be told yet: of the leader of a process only after all its other tasks have ended
// (wait_consider_task() of the kernel's kernel/exit.c, delay_group_leader()), and one of them may be at a
// stop that nobody answers meanwhile.
WaitOutcome await(pid_t tid);

// What each of these tasks has to report next, a stop or its end. One that has nothing to report within the
// time is left out: it sleeps where nothing can stop it, or waits for a CPU.
// `next`, if there is one, is asked for what a task has to report, and not wait_for().
std::vector<WaitOutcome> wait_for_all(std::vector<pid_t> tids, Nanoseconds patience,
                                      const std::function<WaitOutcome(pid_t)>& next = nullptr);

// Whether the task runs, or would if it had a CPU: it stops as soon as it has one. (proc_pid_stat(5), state)
bool is_running(pid_t tid);

// The event in whose stop the task stands, also where that stop has not been waited for yet. Empty at any
// other stop, and for a task that is not stopped.
std::optional<StopKind> event_in_hand(pid_t tid);

// Whether SIGKILL, or the exit of the whole process by another task, has ended the stop: the task runs, or
// stands where it is about to end, of which another stop tells.
bool is_over(const Stop& stop);

// PTRACE_SEIZE of one task after the other, by a tracer that waits for nobody meanwhile. One at a time.
//
// The request sleeps while a thread of the tracee's process executes a program (cred_guard_mutex), and that
// exec sleeps until every other thread was reaped (de_thread() of the kernel's fs/exec.c): the ones that are
// seized already by their tracer, which is the caller. So what tracees report is taken in a handler of
// SIGCHLD, and kept.
class Seizing {
 public:
  // Blocks SIGCHLD, but for the time of a request, and takes its disposition over; the destructor gives both
  // back.
  explicit Seizing(const Options& options);
  ~Seizing();
  Seizing(const Seizing&) = delete;
  Seizing& operator=(const Seizing&) = delete;

  // As ptrace::seize().
  Result<void> seize(pid_t tid);
  // What was taken, oldest first, and each stop to be answered before the next is asked for. To be emptied
  // before anybody waits.
  std::optional<WaitOutcome> next_report();

 private:
  struct Report {
    pid_t tid;
    int status;
  };
  static void take_reports(int);
  bool outdated(std::size_t report) const;

  static Seizing* current_;  // For the handler, which runs inside seize() alone.
  const Options options_;
  std::size_t tracees_ = 0;
  std::vector<Report> reports_;  // As many as the handler may need; those in [told_, taken_) are to be told.
  std::size_t taken_ = 0;
  std::size_t told_ = 0;
  sigset_t mask_before_;
  struct sigaction action_before_;
};

// For a parent that traces nobody: what became of its child, if anything. With `stops`, group-stops are
// reported too (WIFSTOPPED). Never blocks.
std::optional<int> child_status(pid_t child, bool stops);

// Whether SIGCONT has continued a stopped child since its stop was reported. Never blocks.
bool child_continued(pid_t child);

// Whether child_status(child, true) has something to tell. Never blocks.
bool child_has_news(pid_t child);

// Blocks until the child has ended; its status, as wait(2) gives it.
int await_end(pid_t child);

}  // namespace sonde::ptrace
