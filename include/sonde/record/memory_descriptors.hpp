// Where descriptors lie in the memory that a call's arguments point to.
#pragma once

#include <functional>

#include "sonde/event/snapshot.hpp"
#include "sonde/ptrace/requests.hpp"
#include "sonde/syscall/table.hpp"

namespace sonde::record {

// Calls found(fd) for each descriptor in what argument `argument` of the call points to, as far as `memory`
// holds it: the fds of pollfd, the bits of an fd_set, what SCM_RIGHTS carries and their like; at most `most`
// of an array. Numbers are the tracee's, and may be no descriptors.
void find_descriptors(const ptrace::SyscallEntry& call, const syscall::Argument& argument,
                      const event::Snapshot& memory, std::size_t most,
                      const std::function<void(std::int32_t)>& found);

}  // namespace sonde::record
