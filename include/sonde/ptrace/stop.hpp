// A stopped task, and every way to let it go. See ptrace(2), "Stopped states".
#pragma once

#include <csignal>
#include <cstdint>
#include <sys/types.h>
#include <utility>

#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"

namespace sonde::ptrace {

enum class StopKind : std::uint8_t {
  syscall,     // Syscall-stop: syscall_info() tells whether it is an entry or an exit.
  seccomp,     // PTRACE_EVENT_SECCOMP: a filter returned RET_TRACE; before the call.
  signal,      // Signal-delivery-stop: the signal is delivered only if it is passed to resume() or detach().
  group_stop,  // Job control: answer with listen().
  trap,  // PTRACE_EVENT_STOP otherwise: PTRACE_INTERRUPT, a new child's first stop, or a wake-up by SIGCONT.
  clone,
  fork,
  vfork,
  exec,
  exit,  // PTRACE_EVENT_EXIT: the task is about to end, and still has its memory.
  other_event,
};

// Whether such a stop tells of a new task.
constexpr bool makes_task(StopKind kind) {
  return kind == StopKind::clone || kind == StopKind::fork || kind == StopKind::vfork;
}

// Whether nothing of what the task was doing goes on after such a stop.
constexpr bool ends_program(StopKind kind) { return kind == StopKind::exec || kind == StopKind::exit; }

// How a task goes on.
enum class Run : std::uint8_t {
  to_syscall,       // PTRACE_SYSCALL: stop at the next system call's entry or exit.
  freely,           // PTRACE_CONT: stop only for signals and events.
  one_instruction,  // PTRACE_SINGLESTEP: stop after it, as for a SIGTRAP, which is not to be delivered.
};

// One ptrace-stop. It is consumed by exactly one of resume(), listen() and detach(), each of which says what
// becomes of a signal in hand. One that is dropped unanswered detaches its task and delivers its signal: no
// task stays stopped.
class [[nodiscard]] Stop {
 public:
  Stop(pid_t tid, StopKind kind, int signal) : tid_(tid), kind_(kind), signal_(signal) {}
  Stop(Stop&& other) noexcept : tid_(other.tid_), kind_(other.kind_), signal_(other.signal_) {
    other.tid_ = 0;
  }
  Stop& operator=(Stop&& other) noexcept;
  ~Stop() {
    if (tid_ != 0) abandon();
  }

  pid_t tid() const { return tid_; }
  StopKind kind() const { return kind_; }
  // Signal-delivery-stop and group-stop: the signal; otherwise 0.
  int signal() const { return signal_; }
  // The signal that must not get lost when the task is let go: that of a signal-delivery-stop, otherwise 0.
  int signal_in_hand() const { return kind_ == StopKind::signal ? signal_ : 0; }

  // Each returns false when the task is gone (ESRCH), which is ordinary: SIGKILL ends a stop at any moment.
  bool resume(Run how, int signal) &&;
  bool listen() &&;
  bool detach(int signal) &&;

  // The stop is over: there is nothing to answer.
  void forget() && { tid_ = 0; }

  // The same stop of the task, to be answered as another: for one that was resumed in between.
  Stop as(StopKind kind, int signal) && { return {std::exchange(tid_, 0), kind, signal}; }

 private:
  void abandon();

  pid_t tid_;
  StopKind kind_;
  int signal_;
};

}  // namespace sonde::ptrace
