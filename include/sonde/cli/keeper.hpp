// The process that the shell sees: starts the others, waits, cleans up, and ends with the right status.
#pragma once

#include "sonde/cli/settings.hpp"

namespace sonde::cli {

// Runs or attaches as the settings say, and returns the exit status: the program's own for run, 0 for attach,
// 125 when sonde failed, 126 and 127 when the program cannot be run or found. A program that a signal ended
// ends the calling process by the same signal: the function does not return then. Signal dispositions are
// changed.
int keep(const Settings& settings);

}  // namespace sonde::cli
