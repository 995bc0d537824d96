// CLONE_UNTRACED asks that a new task be hidden from its parent's tracer. A trace that follows children would
// lose it, and under our seccomp filter its calls would fail, since RET_TRACE without a tracer is ENOSYS. So
// the flag is taken out for the moment in which the kernel reads it, and put back on both sides of the clone
// before either can look.
#pragma once

#include <optional>
#include <sys/types.h>

#include "sonde/ptrace/requests.hpp"
#include "sonde/syscall/table.hpp"

namespace sonde::record {

// Where the flag was taken out, and the word that stood there.
struct ClearedFlag {
  std::optional<std::size_t> reg;  // clone(): the first argument's register; clone3(): none, but the ...
  Address address;                 // ... flags in memory.
  std::uint64_t original;
};

// At the entry of any call: when it is a clone() or clone3() with CLONE_UNTRACED, takes the flag out. Empty
// otherwise, or when the tracee's memory does not let it.
std::optional<ClearedFlag> clear_untraced(pid_t tid, const ptrace::SyscallEntry& entry,
                                          const syscall::Row& row);

// At the exit of that call in the parent, and at the first stop of the child.
void restore_untraced(pid_t tid, const ClearedFlag& cleared);

}  // namespace sonde::record
