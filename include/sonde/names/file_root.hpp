// Files as a process sees them, which may have another root directory than sonde.
#pragma once

#include <string>
#include <string_view>

#include "sonde/base/result.hpp"
#include "sonde/base/unique_fd.hpp"

namespace sonde::names {

class FileRoot {
 public:
  // `directory` is "/", or /proc/PID/root of a tracee. Fails when it cannot be opened.
  static Result<FileRoot> at(const std::string& directory);

  // Opens an absolute path below this root for reading. Symbolic links stay below it too, however they are
  // written (openat2(2), RESOLVE_IN_ROOT; a kernel before 5.6 has no way to hold them). Never waits, never
  // becomes a controlling terminal. Whoever reads must look whether it is a regular file.
  Result<UniqueFd> open(std::string_view path) const;

 private:
  FileRoot(UniqueFd directory, std::string name) : directory_(std::move(directory)), name_(std::move(name)) {}

  UniqueFd directory_;
  std::string name_;  // For messages.
};

}  // namespace sonde::names
