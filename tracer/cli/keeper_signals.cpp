#include "cli/keeper_signals.hpp"

#include <sys/resource.h>
#include <unistd.h>

namespace sonde::cli {

namespace {

// What was ignored when sonde was started (nohup, a shell's background job) stays ignored.
bool is_ignored(int signal) {
  struct sigaction action;
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

sigset_t handled_signals(const Settings& settings) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGCONT}) ::sigaddset(&set, signal);
  if (settings.reports_heap() || settings.growth.wanted) ::sigaddset(&set, SIGUSR1);
  if (settings.growth.rounds == GrowthSettings::Rounds::signal) ::sigaddset(&set, SIGUSR2);
  for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP}) {
    if (!is_ignored(signal)) ::sigaddset(&set, signal);
  }
  return set;
}

void end_by(int signal) {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::signal(signal, SIG_DFL);
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signal);
  ::raise(signal);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  ::_exit(128 + signal);  // For signals whose default is not to end a process.
}

}  // namespace sonde::cli
