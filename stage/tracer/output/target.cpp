#include "sonde/output/target.hpp"

#include <cerrno>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

namespace sonde::output {

namespace {

Result<Target> open_standard_error() {
  UniqueFd fd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!fd) return fail_errno(errno, "cannot write to standard error");
  return Target{std::move(fd), 0, "standard error"};
}

Result<Target> open_file(std::string path, bool append) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (append ? O_APPEND : O_TRUNC);
  UniqueFd fd(::open(path.c_str(), flags, 0666));
  if (!fd) return fail_errno(errno, "cannot write the output file " + path);
  return Target{std::move(fd), 0, std::move(path)};
}

Result<Target> open_command(std::string command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe to '" + command + "'");
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, read_end.value(), STDIN_FILENO);
  char shell[] = "sh";
  char option[] = "-c";
  char* const arguments[] = {shell, option, command.data(), nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, "/bin/sh", &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno(error, "cannot start '" + command + "' for the output");
  return Target{std::move(write_end), pid, std::move(command)};
}

}  // namespace

Result<Target> open_target(std::string_view where, bool append) {
  if (where.empty()) return open_standard_error();
  if (where.front() == '|' || where.front() == '!') return open_command(std::string(where.substr(1)));
  return open_file(std::string(where), append);
}

}  // namespace sonde::output
