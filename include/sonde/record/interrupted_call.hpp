// Undoing what our own interruption did to a system call.
#pragma once

#include <sys/types.h>

namespace sonde::record {

// PTRACE_INTERRUPT makes a sleeping system call return early. Most are restarted by the kernel, unseen by the program,
// but some (epoll_wait, semop, a recv with a timeout: signal(7), "Interruption of system calls ... by stop signals")
// fail with EINTR, which an untraced program would not have seen. When the task, at the trap that answers our
// interrupt, is about to return EINTR from such a call and no signal waits that could have caused it, this sets it back
// to the call's instruction, so that the call is made again. Otherwise it does nothing.
void repair_interrupted_call(pid_t tid);

}  // namespace sonde::record
