// The signals that the keeper acts on, and how it ends by one itself.
#pragma once

#include <csignal>

#include "sonde/cli/settings.hpp"

namespace sonde::cli {

// To be blocked and read. What was ignored when sonde was started is not among them.
sigset_t handled_signals(const Settings& settings);

// Ends this process as the signal would have ended it, without a core dump of ours.
[[noreturn]] void end_by(int signal);

}  // namespace sonde::cli
