// Where an output goes: standard error, a file (-o FILE) or a command (-o '|command').
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>

#include "sonde/base/result.hpp"
#include "sonde/base/unique_fd.hpp"

namespace sonde::output {

struct Target {
  UniqueFd fd;        // Closed on exec.
  pid_t command = 0;  // The shell that runs `|command`, else 0. Whoever opened the target waits for it, after
                      // every copy of `fd` is closed.
  std::string name;   // For messages: "standard error", the path, or the command.
};

// Opens a target: "" is standard error, "|command" or "!command" a shell command that reads the output from
// its standard input, anything else a file. A file is written in place, so that it can be followed while it
// grows, and is emptied first unless `append`.
//
// Called before any other process or thread is started. Errors say what could not be opened and why.
Result<Target> open_target(std::string_view where, bool append);

}  // namespace sonde::output
