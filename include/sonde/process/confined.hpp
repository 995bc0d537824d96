// Work that may crash, hang or be taken over by hostile input, done by a process that can do no harm.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "sonde/base/result.hpp"

namespace sonde::process {

struct Confinement {
  std::size_t memory_bytes;  // Beside what the caller has.
  unsigned seconds;          // Of a processor.
  std::size_t answer_bytes;  // What may be written.
};

// Forks a child that calls `work` with the writing end of a pipe and then ends, and returns what it wrote.
// The child has the caller's memory as it is, keeps within `bounds`, has no standard error, and from the
// moment that `work` begins can make those system calls alone that take memory, write to what is open, and
// end it (seccomp). For a caller that has no threads.
//
// Fails, in words that go on from "it", where the child did not end by itself: ErrorCode::limit beyond the
// bounds, ErrorCode::gone where it crashed.
Result<std::string> run_confined(const std::function<void(int output)>& work, const Confinement& bounds);

}  // namespace sonde::process
