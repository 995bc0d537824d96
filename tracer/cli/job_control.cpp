#include "sonde/cli/job_control.hpp"

#include <csignal>
#include <utility>

#include "sonde/ptrace/wait.hpp"

namespace sonde::cli {

JobControl::JobControl(pid_t program) : program_(program) {
  for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU}) ::signal(signal, SIG_IGN);
}

// So that the tracer's SIGCONT cannot come too early and be lost, the stop is made pending first: SIGCONT
// removes a pending stop. (Hence not SIGSTOP, which cannot be pending; to a shell they are the same.) In an
// orphaned process group, where there is no shell to see it, nothing stops.
void JobControl::stop_with_program(int signal, bool wakes) {
  stopped_ = true;
  if (signal == SIGSTOP && !wakes) return;
  if (signal == SIGSTOP) signal = SIGTSTP;
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
  if (has_gone_on()) {
    stopped_ = false;
    ::signal(signal, SIG_IGN);  // Takes it back.
  }
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  ::signal(signal, SIG_IGN);
}

// A shell continues the whole group, by one kill(2) that reaches the program before us, since the kernel
// signals the youngest of a group first (attach_pid() of kernel/pid.c); somebody who continued sonde alone
// means the program.
void JobControl::on_continued(bool program_goes_on) {
  if (!std::exchange(stopped_, false) || program_goes_on || has_gone_on()) return;
  ::kill(program_, SIGCONT);
}

// Whether the program was continued since its stop was reported; it may have stopped again, or ended.
bool JobControl::has_gone_on() const {
  return ptrace::child_continued(program_) || ptrace::child_has_news(program_);
}

}  // namespace sonde::cli
