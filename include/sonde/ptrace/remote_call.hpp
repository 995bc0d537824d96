// A system call that a stopped task makes for us.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "sonde/base/types.hpp"
#include "sonde/ptrace/wait.hpp"

namespace sonde::ptrace {

// What has to stand where the task makes the call (Intel SDM, volume 2, SYSCALL).
inline constexpr std::array syscall_code{std::byte{0x0f}, std::byte{0x05}};

// What a task had before it was sent to make a call, for somebody else to give it back if we die meanwhile.
struct InterruptedTask {
  std::atomic<pid_t> tid;                   // 0: no task is in a call of ours. Written last.
  std::array<std::uint64_t, 27> registers;  // struct user_regs_struct
  std::uint64_t signal_mask;
  int signal;  // That it had in hand, but for the SIGTRAP of an int3; 0 for none.
};

struct RemoteCall {
  std::uint64_t nr;
  std::array<std::uint64_t, 4> args;
};

struct RemoteResult {
  // The stop, to be answered as the one that was given; or the task's end. Nothing when the task is gone.
  WaitOutcome outcome;
  std::optional<std::int64_t> result;  // Empty when the call was not made.
};

// Whether a task that stands so can make one: on its way to user mode, with no system call half done. What
// interrupted a call is no obstacle, the kernel makes it again afterwards (signal(7), "Interruption of system
// calls"; handle_signal() and its neighbours of the kernel's arch/x86/kernel/signal.c go by what the
// registers say at the end).
bool can_call(StopKind kind);

// `code`: where syscall_code stands in the task's memory. Registers, signal mask and the signal in hand are
// the same afterwards, and no other instruction has run. Signals wait until then, but for SIGKILL; a seccomp
// filter of the task's sees the call. The other tasks may run.
// `kept` holds what the task had for as long as it is away; may be null. Whoever dies in between leaves the
// task at the call or behind it, where it must find nothing to do but to wait, or leaves it as it was.
RemoteResult call_in(Stop stop, Address code, const RemoteCall& call, InterruptedTask* kept = nullptr);

// The task of this stop is the one that was away, and gets back what it had; but for the signal in hand.
void put_back(const Stop& stop, const InterruptedTask& kept);

}  // namespace sonde::ptrace
