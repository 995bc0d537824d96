#include "sonde/ptrace/stop.hpp"

#include <sys/ptrace.h>
#include <utility>

namespace sonde::ptrace {

namespace {

bool answer(__ptrace_request request, pid_t tid, int signal) {
  return ::ptrace(request, tid, nullptr, static_cast<long>(signal)) == 0;
}

}  // namespace

Stop& Stop::operator=(Stop&& other) noexcept {
  if (this == &other) return *this;
  if (tid_ != 0) abandon();
  tid_ = std::exchange(other.tid_, 0);
  kind_ = other.kind_;
  signal_ = other.signal_;
  return *this;
}

bool Stop::resume(Run how, int signal) && {
  const auto request = how == Run::to_syscall        ? PTRACE_SYSCALL
                       : how == Run::one_instruction ? PTRACE_SINGLESTEP
                                                     : PTRACE_CONT;
  return answer(request, std::exchange(tid_, 0), signal);
}

bool Stop::listen() && { return answer(PTRACE_LISTEN, std::exchange(tid_, 0), 0); }

bool Stop::detach(int signal) && { return answer(PTRACE_DETACH, std::exchange(tid_, 0), signal); }

void Stop::abandon() { answer(PTRACE_DETACH, std::exchange(tid_, 0), signal_in_hand()); }

}  // namespace sonde::ptrace
