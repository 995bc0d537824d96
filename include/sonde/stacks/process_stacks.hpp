// What all threads of a process were doing at one moment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "sonde/base/types.hpp"
#include "sonde/event/event.hpp"
#include "sonde/stacks/stack_book.hpp"

namespace sonde::stacks {

struct ThreadStack {
  TaskId task;
  std::string comm;
  char state = '?';  // Before it was stopped: R running, S sleeping, D uninterruptible, T stopped, Z ended.
  // A frame with the event::SyscallEnter of the call that the thread is in; empty when it is in none.
  std::vector<std::uint64_t> call;
  std::uint32_t stack = 0;  // In ProcessStacks::book; 0 where none could be taken.
  bool is_64_bit = true;
  bool stopped = false;  // False when it could not be stopped in time: nothing more is known of it.
};

struct ProcessStacks {
  pid_t pid = 0;
  std::string exe;
  Nanoseconds stopped_for = 0;       // From the first thread's stop being asked for until the last went on.
  std::vector<ThreadStack> threads;  // By their ids.
  StackBook book;
};

}  // namespace sonde::stacks
