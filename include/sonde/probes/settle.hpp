// Bringing stopped tasks to where they would be without breakpoints, before those are taken out.
#pragma once

#include <span>
#include <vector>

#include "sonde/probes/patch_table.hpp"
#include "sonde/ptrace/wait.hpp"

namespace sonde::probes {

struct Settled {
  ptrace::WaitOutcome
      outcome;     // The stop with which the task is to be let go, or its end; nothing when it is gone.
  int signal = 0;  // What to let it go with.
};

// `patches`: of the task's address space. A task that has run into a breakpoint goes back to it, and the
// SIGTRAP of that is swallowed, also one that only waits to be reported: then the task is resumed to report
// it, which runs no instruction of the program. A task in a slot goes to the program's own code.
Settled settle(ptrace::Stop stop, std::span<const Patch* const> patches);

// Takes the breakpoints out of processes whose tracer is gone, and lets their tasks go on as if they had
// never met one. For the keeper, which must be allowed to trace them and traces nobody. The tasks that have
// ended meanwhile: nobody is told of them again.
std::vector<ptrace::Ended> recover(const PatchTable& table);

}  // namespace sonde::probes
