// Starting the program that is to be traced.
#pragma once

#include <linux/filter.h>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/base/unique_fd.hpp"

namespace sonde::process {

struct UserIds {
  uid_t uid;
  gid_t gid;
  std::string name;  // For initgroups(3).
};

struct Program {
  std::string path;                              // Of the file to execute, resolved already.
  std::vector<std::string> argv;                 // argv[0] as the user typed it.
  std::vector<std::string> environment_changes;  // "VAR=VAL" sets, "VAR" removes.
  std::optional<UserIds> user;                   // Become this user before exec.
  std::vector<sock_filter> seccomp;              // Installed just before exec; empty for none.
  bool no_new_privs = false;  // Set PR_SET_NO_NEW_PRIVS first: what a filter needs without CAP_SYS_ADMIN.
};

// Looks a program up as execvp(3) does. Errors: not_found, or not_runnable for a directory, a file without
// execute permission and the like; the context is ready to be shown.
Result<std::string> find_program(const std::string& name);

// The user with that name, or that numeric id.
Result<UserIds> find_user(const std::string& name);

// A child that waits, before it executes the program, until it is let go.
class Launch {
 public:
  // Forks. The child keeps the signal mask and dispositions, file descriptors, process group and terminal
  // that the caller has now. Must be called before any thread exists.
  static Result<Launch> fork(const Program& program);

  pid_t pid() const { return pid_; }
  // In whichever process decides: lets the child execute the program.
  void go();
  // In every process that does not call go(): gives the descriptors up, so that the child notices when nobody
  // can let it go any more, and ends.
  void abandon();
  // Blocks until the child has executed the program (success), or says why it could not. To be called once.
  Result<void> executed();

 private:
  pid_t pid_ = 0;
  UniqueFd go_;
  UniqueFd report_;
};

}  // namespace sonde::process
