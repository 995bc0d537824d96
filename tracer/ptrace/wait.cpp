#include "sonde/ptrace/wait.hpp"

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>

namespace sonde::ptrace {

namespace {

StopKind event_kind(int event) {
  switch (event) {
    case PTRACE_EVENT_CLONE: return StopKind::clone;
    case PTRACE_EVENT_FORK: return StopKind::fork;
    case PTRACE_EVENT_VFORK: return StopKind::vfork;
    case PTRACE_EVENT_EXEC: return StopKind::exec;
    case PTRACE_EVENT_SECCOMP: return StopKind::seccomp;
    default: return StopKind::other_event;
  }
}

bool stops_a_group(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

// ptrace(2), "Stopped states" and "PTRACE_SEIZE": the upper half of the status tells the stops apart.
Stop classify(pid_t tid, int status) {
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  if (signal == (SIGTRAP | 0x80)) return {tid, StopKind::syscall, 0};
  if (event == PTRACE_EVENT_STOP) {
    return stops_a_group(signal) ? Stop(tid, StopKind::group_stop, signal) : Stop(tid, StopKind::trap, 0);
  }
  if (event != 0) return {tid, event_kind(event), 0};
  return {tid, StopKind::signal, signal};
}

}  // namespace

WaitOutcome wait_for(pid_t tid, Block block) {
  int status = 0;
  const pid_t found = ::wait4(tid, &status, __WALL | (block == Block::yes ? 0 : WNOHANG), nullptr);
  if (found > 0) {
    if (WIFSTOPPED(status)) return classify(found, status);
    return Ended{found, status};
  }
  if (found == 0) return Nothing{};
  if (errno == EINTR) return Interrupted{};
  return NoTracees{};
}

WaitOutcome wait_for_any(Block block) { return wait_for(-1, block); }

std::optional<int> child_status(pid_t child, bool stops) {
  int status = 0;
  if (::wait4(child, &status, WNOHANG | (stops ? WUNTRACED : 0), nullptr) <= 0) return std::nullopt;
  return status;
}

bool child_continued(pid_t child) {
  // Not wait4(), which would take the child's end too.
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(child), &info, WNOHANG | WCONTINUED) == 0 && info.si_pid == child;
}

void await_end(pid_t child) {
  while (::wait4(child, nullptr, 0, nullptr) < 0 && errno == EINTR) {
  }
}

}  // namespace sonde::ptrace
