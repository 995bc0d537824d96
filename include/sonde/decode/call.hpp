// A system call as rendering and filters see it: the entry, and the exit once it is known.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "sonde/event/event.hpp"
#include "sonde/syscall/table.hpp"

namespace sonde::decode {

struct CallExit {
  Nanoseconds time;
  std::int64_t ret;  // As in event::SyscallExit.
  bool failed;
  event::Snapshot snapshot;
};

// A view: whoever made it keeps the frames alive.
struct Call {
  TaskId task;
  Abi abi;
  std::uint32_t nr;
  const syscall::Row* row;  // syscall::resolve() of the arguments; never nullptr.
  std::array<std::uint64_t, syscall::max_arguments> args;
  std::uint64_t instruction_pointer;
  Nanoseconds enter_time;
  event::Snapshot entered;       // Memory as it was before the call.
  std::optional<CallExit> exit;  // Empty while the call has not returned.
};

// The call that an event begins, as a view of the event's frame.
inline Call call_of(const event::Event& event, const event::SyscallEnter& enter) {
  Call call{.task = event.task,
            .abi = enter.abi,
            .nr = enter.nr,
            .row = syscall::resolve(enter.abi, enter.nr, enter.args),
            .args = {},
            .instruction_pointer = enter.instruction_pointer,
            .enter_time = event.time,
            .entered = enter.snapshot,
            .exit = std::nullopt};
  std::copy(enter.args.begin(), enter.args.end(), call.args.begin());
  return call;
}

}  // namespace sonde::decode
