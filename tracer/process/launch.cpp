#include "sonde/process/launch.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

namespace sonde::process {

namespace {

// What the child reports through its pipe when it cannot execute the program.
struct ExecFailure {
  int errno_value;
  enum class Step : int { user, seccomp, exec } step;
};

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (auto& s : strings) result.push_back(s.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> changed_environment(const std::vector<std::string>& changes) {
  for (const auto& change : changes) {
    if (const auto eq = change.find('='); eq == std::string::npos) {
      ::unsetenv(change.c_str());
    } else {
      ::setenv(change.substr(0, eq).c_str(), change.c_str() + eq + 1, 1);
    }
  }
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  return environment;
}

bool become(const UserIds& user) {
  return ::initgroups(user.name.c_str(), user.gid) == 0 && ::setgid(user.gid) == 0 && ::setuid(user.uid) == 0;
}

bool install_filter(const Program& program) {
  if (program.no_new_privs && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  sock_fprog filter{static_cast<unsigned short>(program.seccomp.size()),
                    const_cast<sock_filter*>(program.seccomp.data())};
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

[[noreturn]] void run_child(const Program& program, int go, int report) {
  auto argv = program.argv;
  auto environment = changed_environment(program.environment_changes);
  const auto argv_pointers = pointers(argv);
  const auto environment_pointers = pointers(environment);
  const auto give_up = [&](ExecFailure::Step step) {
    const ExecFailure failure{errno, step};
    [[maybe_unused]] const ssize_t written = ::write(report, &failure, sizeof failure);
    ::_exit(failure.errno_value == ENOENT ? 127 : 126);
  };
  char released = 0;
  ssize_t n;
  do n = ::read(go, &released, 1);
  while (n < 0 && errno == EINTR);
  if (n != 1) ::_exit(125);  // Nobody is left who could let it go.
  // As root the filter comes first: installing it needs the privilege that changing the user gives up. The
  // order does not matter otherwise, since the tracer already stands by for what the filter reports.
  if (!program.seccomp.empty() && !install_filter(program)) give_up(ExecFailure::Step::seccomp);
  if (program.user && !become(*program.user)) give_up(ExecFailure::Step::user);
  ::execve(program.path.c_str(), argv_pointers.data(), environment_pointers.data());
  give_up(ExecFailure::Step::exec);
  std::abort();
}

// Why `path`, which exists, cannot be executed; empty when it seems it can.
std::optional<std::string> not_runnable(const std::string& path) {
  struct stat st;
  if (::stat(path.c_str(), &st) != 0) return std::strerror(errno);
  if (S_ISDIR(st.st_mode)) return "it is a directory";
  if (!S_ISREG(st.st_mode)) return "it is not a regular file";
  if (::access(path.c_str(), X_OK) != 0) {
    return errno == EACCES ? fmt::format("no permission to execute it; 'chmod +x {}' gives it", path)
                           : std::string(std::strerror(errno));
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> find_program(const std::string& name) {
  const auto missing = [&](std::string_view where) {
    return fail(ErrorCode::not_found, fmt::format("cannot run '{}': no such program{}", name, where));
  };
  if (name.empty()) return missing("");
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) return missing("");
    if (auto why = not_runnable(name)) {
      return fail(ErrorCode::not_runnable, fmt::format("cannot run '{}': {}", name, *why));
    }
    return name;
  }
  const char* variable = std::getenv("PATH");
  std::string path = variable != nullptr ? variable : "/bin:/usr/bin";
  std::optional<std::string> why;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string folder = path.substr(at, end - at);
    const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    at = end + 1;
    if (::access(candidate.c_str(), F_OK) != 0) continue;
    auto reason = not_runnable(candidate);
    if (!reason) return candidate;
    if (!why) why = fmt::format("cannot run '{}': {}", candidate, *reason);
  }
  if (why) return fail(ErrorCode::not_runnable, *why);
  return missing(" in PATH");
}

Result<UserIds> find_user(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) {
    uid_t uid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), uid);
    if (error == std::errc{} && end == name.data() + name.size()) entry = ::getpwuid(uid);
  }
  if (entry == nullptr) return fail(ErrorCode::not_found, fmt::format("no such user: '{}'", name));
  return UserIds{entry->pw_uid, entry->pw_gid, entry->pw_name};
}

Result<Launch> Launch::fork(const Program& program) {
  int go[2];
  int report[2];
  if (::pipe2(go, O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe");
  UniqueFd go_read(go[0]);
  UniqueFd go_write(go[1]);
  if (::pipe2(report, O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe");
  UniqueFd report_read(report[0]);
  UniqueFd report_write(report[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "cannot start a process");
  if (pid == 0) {
    go_write.reset();
    report_read.reset();
    run_child(program, go_read.value(), report_write.value());
  }
  Launch launch;
  launch.pid_ = pid;
  launch.go_ = std::move(go_write);
  launch.report_ = std::move(report_read);
  return launch;
}

void Launch::go() {
  const char released = 1;
  [[maybe_unused]] const ssize_t n = ::write(go_.value(), &released, 1);
  abandon();
}

void Launch::abandon() { go_.reset(); }

Result<void> Launch::executed() {
  ExecFailure failure{};
  ssize_t n;
  do n = ::read(report_.value(), &failure, sizeof failure);
  while (n < 0 && errno == EINTR);
  report_.reset();
  if (n != static_cast<ssize_t>(sizeof failure)) return {};
  switch (failure.step) {
    case ExecFailure::Step::user:
      return fail_errno(failure.errno_value, "cannot become the user asked for");
    case ExecFailure::Step::seccomp:
      return fail_errno(failure.errno_value, "cannot install the seccomp filter");
    case ExecFailure::Step::exec:
      break;
  }
  if (failure.errno_value == ENOEXEC) {
    return fail(ErrorCode::not_runnable,
                "it is no program that the kernel knows; a script needs a first line like "
                "#!/bin/sh");
  }
  if (failure.errno_value == ENOENT) {
    return fail(ErrorCode::not_found,
                "the interpreter that its first line names, or its loader, does not exist");
  }
  Error error = fail_errno(failure.errno_value, "the kernel refused").value();
  if (error.code != ErrorCode::not_found) error.code = ErrorCode::not_runnable;
  return Failure(std::move(error));
}

}  // namespace sonde::process
