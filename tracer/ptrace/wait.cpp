#include "sonde/ptrace/wait.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <string_view>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "sonde/base/clock.hpp"
#include "sonde/base/unique_fd.hpp"

namespace sonde::ptrace {

namespace {

StopKind event_kind(int event) {
  switch (event) {
    case PTRACE_EVENT_CLONE:
      return StopKind::clone;
    case PTRACE_EVENT_FORK:
      return StopKind::fork;
    case PTRACE_EVENT_VFORK:
      return StopKind::vfork;
    case PTRACE_EVENT_EXEC:
      return StopKind::exec;
    case PTRACE_EVENT_EXIT:
      return StopKind::exit;
    case PTRACE_EVENT_SECCOMP:
      return StopKind::seccomp;
    default:
      return StopKind::other_event;
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

sigset_t only_sigchld() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGCHLD);
  return set;
}

WaitOutcome outcome_of(pid_t tid, int status) {
  if (WIFSTOPPED(status)) return classify(tid, status);
  return Ended{tid, status};
}

}  // namespace

namespace {

// The field behind the name, which is in parentheses and may have others (proc_pid_stat(5)).
char state_of(pid_t tid) {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/stat", tid);
  const UniqueFd file(::open(path.data(), O_RDONLY | O_CLOEXEC));
  std::array<char, 512> text{};
  const ssize_t size = file ? ::read(file.value(), text.data(), text.size()) : 0;
  if (size <= 0) return '?';
  const std::string_view line(text.data(), static_cast<std::size_t>(size));
  const std::size_t name_end = line.rfind(") ");
  return name_end == std::string_view::npos || name_end + 2 >= line.size() ? '?' : line[name_end + 2];
}

// Whose reports, for waitid(2).
struct Whose {
  idtype_t type;
  pid_t tid;
};

WaitOutcome look(Whose whose, Block block) {
  siginfo_t info;
  info.si_pid = 0;
  const int options = WEXITED | WSTOPPED | WNOWAIT | __WALL | (block == Block::yes ? 0 : WNOHANG);
  if (::waitid(whose.type, static_cast<id_t>(whose.tid), &info, options) != 0) {
    if (errno == EINTR) return Interrupted{};
    return NoTracees{};
  }
  if (info.si_pid == 0) return Nothing{};
  // An end has nothing in hand, and wait4(2) has its status as everybody knows it.
  if (info.si_code != CLD_TRAPPED) return wait_for(info.si_pid, Block::no);
  // A thread that executes a program, and has its leader's tid now, answers to nothing before its stop is
  // taken (looks_like_a_spurious_pid() of the kernel's kernel/ptrace.c).
  if (info.si_status >> 8 == PTRACE_EVENT_EXEC) return wait_for(info.si_pid, Block::no);
  return classify(info.si_pid, info.si_status << 8 | 0x7f);
}

}  // namespace

WaitOutcome await(pid_t tid) {
  constexpr int at_once = 200;  // Most answer within a few microseconds.
  constexpr int between_looks = 50;
  for (int attempt = 1;; ++attempt) {
    auto outcome = look_at(tid);
    if (!std::holds_alternative<Nothing>(outcome) && !std::holds_alternative<Interrupted>(outcome))
      return outcome;
    if (attempt < at_once) continue;
    if (attempt % between_looks == 0 && state_of(tid) == 'Z') return wait_for(tid, Block::no);
    const timespec moment{0, 20'000};
    ::nanosleep(&moment, nullptr);
  }
}

WaitOutcome wait_for(pid_t tid, Block block) {
  int status = 0;
  const pid_t found = ::wait4(tid, &status, __WALL | (block == Block::yes ? 0 : WNOHANG), nullptr);
  if (found > 0) return outcome_of(found, status);
  if (found == 0) return Nothing{};
  if (errno == EINTR) return Interrupted{};
  return NoTracees{};
}

// ptrace(2), "PTRACE_EVENT stops": their siginfo has SIGTRAP and the event, in si_code as in the status.
std::optional<StopKind> event_in_hand(pid_t tid) {
  const auto info = signal_info(tid);
  if (!info || info->si_signo != SIGTRAP) return std::nullopt;
  const int event = info->si_code >> 8;
  if (event <= 0 || event == PTRACE_EVENT_STOP) return std::nullopt;
  return event_kind(event);
}

bool is_over(const Stop& stop) {
  siginfo_t info;
  if (::ptrace(PTRACE_GETSIGINFO, stop.tid(), nullptr, &info) != 0) return errno == ESRCH;
  const bool at_exit = info.si_signo == SIGTRAP && info.si_code >> 8 == PTRACE_EVENT_EXIT;
  return at_exit && stop.kind() != StopKind::exit;
}

WaitOutcome wait_for_any(Block block) { return wait_for(-1, block); }

WaitOutcome look_at_any(Block block) { return look({P_ALL, 0}, block); }

WaitOutcome look_at(pid_t tid) { return look({P_PID, tid}, Block::no); }

WaitOutcome take(Stop stop) {
  auto taken = wait_for(stop.tid(), Block::no);
  const bool is_news = std::holds_alternative<Stop>(taken) || std::holds_alternative<Ended>(taken);
  if (!is_news) return stop;  // Taken already.
  std::move(stop).forget();
  return taken;
}

bool is_running(pid_t tid) { return state_of(tid) == 'R'; }

std::vector<WaitOutcome> wait_for_all(std::vector<pid_t> tids, Nanoseconds patience,
                                      const std::function<WaitOutcome(pid_t)>& next) {
  std::vector<WaitOutcome> outcomes;
  const Nanoseconds deadline = now() + patience;
  while (!tids.empty() && now() < deadline) {
    std::erase_if(tids, [&](pid_t tid) {
      auto outcome = next ? next(tid) : wait_for(tid, Block::no);
      if (std::holds_alternative<Nothing>(outcome) || std::holds_alternative<Interrupted>(outcome))
        return false;
      if (!std::holds_alternative<NoTracees>(outcome)) outcomes.push_back(std::move(outcome));
      return true;
    });
    const timespec moment{0, 20'000};
    if (!tids.empty()) ::nanosleep(&moment, nullptr);
  }
  return outcomes;
}

Seizing* Seizing::current_ = nullptr;

Seizing::Seizing(const Options& options) : options_(options) {
  current_ = this;
  const sigset_t set = only_sigchld();
  ::sigprocmask(SIG_BLOCK, &set, &mask_before_);
  struct sigaction action {};
  action.sa_handler = take_reports;
  ::sigaction(SIGCHLD, &action, &action_before_);
}

Seizing::~Seizing() {
  ::sigaction(SIGCHLD, &action_before_, nullptr);
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  current_ = nullptr;
}

Result<void> Seizing::seize(pid_t tid) {
  // Nobody answers a stop, so a tracee reports one stop and its end; and can make one other before it stops.
  reports_.resize(4 * (tracees_ + 1));
  const sigset_t set = only_sigchld();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  auto seized = ptrace::seize(tid, options_);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  if (seized) ++tracees_;
  return seized;
}

// Ends are what matters, but the stops before them in the queue cannot be passed over.
void Seizing::take_reports(int) {
  const int saved = errno;
  Seizing& self = *current_;
  while (self.taken_ < self.reports_.size()) {
    Report& report = self.reports_[self.taken_];
    report.tid = ::wait4(-1, &report.status, __WALL | WNOHANG, nullptr);
    if (report.tid <= 0) break;
    ++self.taken_;
  }
  errno = saved;
}

std::optional<WaitOutcome> Seizing::next_report() {
  while (told_ != taken_) {
    const std::size_t next = told_++;
    const auto [tid, status] = reports_[next];
    if (WIFSTOPPED(status)) {
      if (outdated(next)) continue;
      auto newer = wait_for(tid, Block::no);
      if (std::holds_alternative<Stop>(newer) || std::holds_alternative<Ended>(newer)) return newer;
    }
    return outcome_of(tid, status);
  }
  return std::nullopt;
}

// Whether the tid has reported again since. Then the stop is over without an answer: its task was killed, or
// has made place for a thread that executes a program, whose own stop an answer would hit.
bool Seizing::outdated(std::size_t report) const {
  for (std::size_t i = report + 1; i < taken_; ++i) {
    if (reports_[i].tid == reports_[report].tid) return true;
  }
  return false;
}

std::optional<int> child_status(pid_t child, bool stops) {
  int status = 0;
  if (::wait4(child, &status, WNOHANG | (stops ? WUNTRACED : 0), nullptr) <= 0) return std::nullopt;
  return status;
}

// waitid() and not wait4(), which would take the child's end as well.
bool child_continued(pid_t child) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(child), &info, WCONTINUED | WNOHANG) == 0 && info.si_pid == child;
}

bool child_has_news(pid_t child) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == child;
}

int await_end(pid_t child) {
  int status = 0;
  while (::wait4(child, &status, 0, nullptr) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace sonde::ptrace
