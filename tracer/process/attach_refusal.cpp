#include "sonde/process/attach_refusal.hpp"

#include <algorithm>
#include <cerrno>
#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

namespace sonde::process {

namespace {

constexpr unsigned cap_sys_ptrace = 19;  // CAP_SYS_PTRACE of linux/capability.h

std::string user_name(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry != nullptr ? std::string(entry->pw_name) : fmt::format("uid {}", uid);
}

// A comm is the tracee's own text: only what cannot harm a terminal is shown.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::string yama_words(int scope) {
  switch (scope) {
    case 1:
      return "only a process's ancestors may trace it (Yama: kernel.yama.ptrace_scope is 1); use sudo, start "
             "the "
             "program with 'sonde run', or: sudo sysctl kernel.yama.ptrace_scope=0";
    case 2:
      return "only an administrator may trace (Yama: kernel.yama.ptrace_scope is 2); use sudo";
    default:
      return fmt::format(
          "nobody may attach (Yama: kernel.yama.ptrace_scope is {}, which only a reboot undoes); "
          "start the program with 'sonde run'",
          scope);
  }
}

constexpr int most_looks = 20;

// The leader may end before its threads, and is a zombie until they do. It is one for a moment, too, while a
// thread executes a program: that one then has the leader's tid, and is not to be found under its own. So a
// task that is gone calls for another look.
bool ended(const ProcFs& proc, const TaskStatus& status) {
  const auto over = [](char state) { return state == 'Z' || state == 'X'; };
  if (!over(status.state)) return false;
  bool gone = true;
  for (int looks = 0; gone && looks < most_looks; ++looks) {
    gone = false;
    for (const pid_t tid : proc.tasks(status.pid)) {
      const auto task = proc.status(tid);
      if (task && !over(task->state)) return false;
      gone |= !task;
    }
  }
  return true;
}

}  // namespace

Result<void> check_attachable(const ProcFs& proc, pid_t pid, std::span<const pid_t> own) {
  const auto prefix = fmt::format("cannot attach to {}: ", pid);
  const auto status = proc.status(pid);
  if (!status) return fail(ErrorCode::not_found, prefix + "no such process; 'ps -e' lists those that run");
  if (std::find(own.begin(), own.end(), status->pid) != own.end()) {
    return fail(ErrorCode::invalid, prefix + "it is sonde itself, which cannot trace itself");
  }
  if (proc.is_kernel_thread(pid)) {
    return fail(ErrorCode::invalid, prefix + "it is a kernel thread, which makes no system calls");
  }
  if (ended(proc, *status)) {
    return fail(ErrorCode::invalid,
                prefix + fmt::format("it has ended already (a zombie, until its parent {} reaps it)",
                                     status->parent_pid));
  }
  return {};
}

Error explain_refusal(const ProcFs& proc, pid_t pid, int errno_value) {
  const auto prefix = fmt::format("cannot attach to {}: ", pid);
  const auto status = proc.status(pid);
  if (!status || errno_value == ESRCH) {
    return {ErrorCode::gone, 0, prefix + "it ended while sonde was attaching"};
  }
  if (errno_value != EPERM && errno_value != EACCES)
    return {ErrorCode::io, errno_value, prefix + "PTRACE_SEIZE"};
  const auto refused = [&](std::string why) {
    return Error{ErrorCode::permission, 0, prefix + std::move(why)};
  };
  if (status->tracer_pid != 0) {
    return refused(fmt::format("it is traced already, by {} (pid {}); detach that first",
                               printable(proc.comm(status->tracer_pid)), status->tracer_pid));
  }
  const bool capable = (proc.own_capabilities() >> cap_sys_ptrace & 1) != 0;
  const auto yama = proc.yama_scope();
  if (yama && *yama >= 3) return refused(yama_words(*yama));
  if (!capable) {
    const uid_t own = ::getuid();
    if (own == 0) {
      return refused(
          "root here lacks CAP_SYS_PTRACE, as in a container; start that with --cap-add=SYS_PTRACE");
    }
    if (status->uid != own || status->effective_uid != own) {
      return refused(
          fmt::format("it belongs to {}; use: sudo sonde attach {}", user_name(status->effective_uid), pid));
    }
    if (proc.owner(pid).value_or(own) != own) {
      return refused(
          fmt::format("it is not dumpable (it changed its user or privileges, or asked for that with "
                      "prctl); use: sudo sonde attach {}",
                      pid));
    }
    if (yama && *yama > 0) return refused(yama_words(*yama));
  }
  return refused("the kernel refused (a security module, or another user namespace); ask the administrator");
}

}  // namespace sonde::process
