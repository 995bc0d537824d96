// Reads the command line.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "sonde/cli/settings.hpp"

namespace sonde::cli {

// The command line asked for help or a version, which was printed, or was wrong, which was said: end with
// this status.
struct ExitNow {
  int status;
};

// `arguments` are those after the program's name. For a report, `recorded` are those of the recording, from
// its trace file: they hold where the report's own say nothing else, and its filters add to theirs.
std::variant<Settings, ExitNow> parse_command_line(std::vector<std::string> arguments,
                                                   const std::vector<std::string>& recorded = {});

}  // namespace sonde::cli
