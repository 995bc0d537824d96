// Looks once at all threads of a process.
#pragma once

#include <functional>
#include <sys/types.h>

#include "sonde/base/result.hpp"
#include "sonde/process/memory_image.hpp"
#include "sonde/record/options.hpp"
#include "sonde/stacks/process_stacks.hpp"

namespace sonde::record {

// Stops all threads of the process, takes their stacks and the calls that they are in, and lets them go on,
// as if nothing had been: signals in hand are delivered, a stopped process stays stopped, calls that failed
// only because of the stop are made again. Files are read, and their unwind tables built, before that. A
// thread that does not stop within 200 ms (uninterruptible sleep) is told as such. The calling thread does
// `meanwhile` at the same time.
//
// Fails when there is no such process, or the kernel refuses (see process::explain_refusal). The calling
// process must have no other tracees and no children.
Result<stacks::ProcessStacks> sample_process(
    pid_t pid, const Options& options, const std::function<void()>& meanwhile = [] {});

struct StoppedProcess {
  process::CopySpace space;  // Where the image's runs are.
  process::MemoryImage image;
  Nanoseconds stopped_for = 0;
};

// Stops all threads of the process in the same way, copies its memory and lets them go on. Fails as
// sample_process(), and as process::copy_memory().
Result<StoppedProcess> copy_process(pid_t pid, std::uint64_t room);

}  // namespace sonde::record
