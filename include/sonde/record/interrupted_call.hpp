// Undoing what being traced did to a sleeping system call.
//
// PTRACE_INTERRUPT makes such a call return early, and so does a signal that the task ignores: untraced it
// would not be sent at all. Most calls are restarted by the kernel, unseen by the program, but some
// (epoll_wait, semop, a recv with a timeout: signal(7), "Interruption of system calls ... by stop signals")
// fail with EINTR, which an untraced program would not have seen.
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace sonde::record {

// Whether the kernel makes a call with this result again by itself, unless a handler runs: ERESTARTSYS to
// ERESTART_RESTARTBLOCK of linux/errno.h, which is not for user space.
constexpr bool is_restart(std::int64_t result) {
  return (result >= -514 && result <= -512) || result == -516;
}

// Whether the stopped task is about to return EINTR from such a call.
bool call_was_interrupted(pid_t tid);

// When it is, and no signal waits that could have caused it, sets the task back to the call's instruction, so
// that the call is made again, and says true. A timeout then begins anew. Otherwise does nothing.
bool make_interrupted_call_again(pid_t tid);

}  // namespace sonde::record
