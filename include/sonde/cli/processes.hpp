// The two processes that the keeper forks. Each function runs in the forked child and returns its exit
// status.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sonde/base/unique_fd.hpp"
#include "sonde/cli/outputs.hpp"
#include "sonde/cli/settings.hpp"
#include "sonde/event/ring.hpp"
#include "sonde/probes/patch_table.hpp"
#include "sonde/process/launch.hpp"
#include "sonde/record/control.hpp"

namespace sonde::cli {

// A pipe that nobody writes to, whose end of file tells that every process which might still close the ring
// is gone.
struct Lifeline {
  UniqueFd watched;
  UniqueFd held;
};

// Signals that a terminal sends to the whole process group, and those that end a process by default, pass
// tracer and console by: the keeper decides what they mean.
void ignore_terminal_signals();

int run_tracer_process(const Settings& settings, event::Ring& ring, record::ControlSocket control,
                       process::Launch* program, std::vector<pid_t> own, probes::PatchTable* patches);

// Of the console: all is well, and there are leaks of the sort that is to fail the run.
inline constexpr int console_found_leaks = 1;

int run_console_process(const Settings& settings, event::Ring& ring, record::ControlSocket control,
                        UniqueFd lifeline, Outputs outputs);

}  // namespace sonde::cli
