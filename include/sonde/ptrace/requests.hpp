// Typed wrappers over the ptrace(2) requests that do not end a stop. <sys/ptrace.h> is included in this
// folder alone. Unless said otherwise the task must be in a ptrace-stop of the calling thread's.
#pragma once

#include <csignal>
#include <cstdint>
#include <optional>
#include <sys/types.h>
#include <vector>

#include "sonde/arch/registers.hpp"
#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"

namespace sonde::ptrace {

struct Options {
  bool threads = true;   // PTRACE_O_TRACECLONE: tasks that clone() creates with CLONE_THREAD and its like.
  bool children = true;  // PTRACE_O_TRACEFORK and PTRACE_O_TRACEVFORK.
  bool seccomp = false;  // PTRACE_O_TRACESECCOMP.
  bool kill_on_exit = false;      // PTRACE_O_EXITKILL.
  bool ends = false;              // PTRACE_O_TRACEEXIT.
  bool suspends_filters = false;  // PTRACE_O_SUSPEND_SECCOMP, for a privileged tracer (CAP_SYS_ADMIN).
};

// PTRACE_SEIZE: makes the calling thread the tracer without stopping the task. Any state of the task; the
// options hold from this moment on, and children made later are traced with the same.
Result<void> seize(pid_t tid, const Options& options);

// PTRACE_SETOPTIONS of a stopped task: these and no others. False when it is gone, or they are not allowed.
bool set_options(pid_t tid, const Options& options);

// PTRACE_INTERRUPT: asks a running or listening task to stop. False when it is gone.
bool interrupt(pid_t tid);

struct SyscallEntry {
  Abi abi;
  std::uint32_t nr;
  std::uint64_t args[6];
  std::uint64_t instruction_pointer;
  std::uint64_t stack_pointer;
};

struct SyscallResult {
  std::int64_t ret;
  bool failed;
};

// PTRACE_GET_SYSCALL_INFO, once, for a syscall-stop or seccomp-stop; at any other stop the phase is none.
struct SyscallInfo {
  enum class Phase : std::uint8_t { none, entry, exit } phase;
  bool is_i386;        // At any stop: the call that the task is in, if it is in one, is of the 32-bit table.
  SyscallEntry entry;  // Valid at an entry.
  SyscallResult result;  // Valid at an exit.
};
// False when the task is gone.
bool syscall_info(pid_t tid, SyscallInfo& info);

// The siginfo of a signal-delivery-stop, unchanged. Empty when the task is gone.
std::optional<siginfo_t> signal_info(pid_t tid);

// PTRACE_GETEVENTMSG: the new task's tid, the former tid after an exec.
std::optional<std::uint64_t> event_message(pid_t tid);

// True when a signal that the task does not block waits for it (PTRACE_PEEKSIGINFO, PTRACE_GETSIGMASK).
bool signal_waits(pid_t tid);

// True when the SIGTRAP of an int3 that the task has run into waits to be reported (PTRACE_PEEKSIGINFO).
bool trap_waits(pid_t tid);

// True when this signal waits for the task itself, blocked or not (PTRACE_PEEKSIGINFO).
bool waits(pid_t tid, int signal);

// True for the siginfo of the SIGTRAP of an int3: the kernel's own, of no hardware breakpoint and no single
// step.
bool is_int3(const siginfo_t& info);

// PTRACE_GETREGS: all of the task's general-purpose registers. Empty when the task is gone.
std::optional<arch::Registers> registers(pid_t tid);

// PTRACE_GETREGSET of NT_X86_XSTATE: all that is no general-purpose register, as the words that it takes in
// memory. Empty when the task is gone.
std::vector<std::uint64_t> vector_registers(pid_t tid);

// A register of struct user_regs_struct, at its byte offset. False when the task is gone.
bool peek_register(pid_t tid, std::size_t offset, std::uint64_t& value);
bool poke_register(pid_t tid, std::size_t offset, std::uint64_t value);

// The program counter. False when the task is gone.
bool peek_pc(pid_t tid, Address& pc);
bool poke_pc(pid_t tid, Address pc);
bool peek_sp(pid_t tid, std::uint64_t& sp);

// Overwrites the word at `address` in the task's memory, whatever its protection.
bool poke_word(pid_t tid, Address address, std::uint64_t value);

}  // namespace sonde::ptrace
