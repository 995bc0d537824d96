// Reads the command line.
#pragma once

#include <variant>

#include "sonde/cli/settings.hpp"

namespace sonde::cli {

// The command line asked for help or a version, which was printed, or was wrong, which was said: end with this status.
struct ExitNow {
  int status;
};

std::variant<Settings, ExitNow> parse_command_line(int argc, char** argv);

}  // namespace sonde::cli
