#include "sonde/ptrace/requests.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <elf.h>
#include <linux/audit.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

namespace sonde::ptrace {

namespace {

constexpr std::uint32_t x32_bit = 0x40000000;  // __X32_SYSCALL_BIT of asm/unistd.h

// Both spellings of the requests' argument are void*; the kernel takes a long.
void* word(std::uint64_t value) {
  return reinterpret_cast<void*>(value);  // NOLINT(performance-no-int-to-ptr)
}

Abi abi_of(std::uint32_t arch, std::uint64_t nr) {
  if (arch == AUDIT_ARCH_I386) return Abi::i386;
  return nr != static_cast<std::uint32_t>(-1) && (nr & x32_bit) != 0 ? Abi::x32 : Abi::x86_64;
}

void take_entry(const __ptrace_syscall_info& raw, std::uint64_t nr, const std::uint64_t* args,
                SyscallInfo& info) {
  info.phase = SyscallInfo::Phase::entry;
  info.entry.abi = abi_of(raw.arch, nr);
  info.entry.nr = static_cast<std::uint32_t>(info.entry.abi == Abi::x32 ? nr & ~x32_bit : nr);
  std::memcpy(info.entry.args, args, sizeof info.entry.args);
  info.entry.instruction_pointer = raw.instruction_pointer;
  info.entry.stack_pointer = raw.stack_pointer;
}

}  // namespace

namespace {

std::uint64_t bits_of(const Options& options) {
  std::uint64_t bits = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
  if (options.threads) bits |= PTRACE_O_TRACECLONE;
  if (options.children) bits |= PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
  if (options.seccomp) bits |= PTRACE_O_TRACESECCOMP;
  if (options.kill_on_exit) bits |= PTRACE_O_EXITKILL;
  if (options.ends) bits |= PTRACE_O_TRACEEXIT;
  if (options.suspends_filters) bits |= PTRACE_O_SUSPEND_SECCOMP;
  return bits;
}

}  // namespace

Result<void> seize(pid_t tid, const Options& options) {
  if (::ptrace(PTRACE_SEIZE, tid, nullptr, word(bits_of(options))) != 0)
    return fail_errno(errno, "PTRACE_SEIZE");
  return {};
}

bool set_options(pid_t tid, const Options& options) {
  return ::ptrace(PTRACE_SETOPTIONS, tid, nullptr, word(bits_of(options))) == 0;
}

bool interrupt(pid_t tid) { return ::ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) == 0; }

bool syscall_info(pid_t tid, SyscallInfo& info) {
  __ptrace_syscall_info raw;
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, tid, word(sizeof raw), &raw) <= 0) return false;
  info.is_i386 = raw.arch == AUDIT_ARCH_I386;
  switch (raw.op) {
    case PTRACE_SYSCALL_INFO_ENTRY:
      take_entry(raw, raw.entry.nr, raw.entry.args, info);
      break;
    case PTRACE_SYSCALL_INFO_SECCOMP:
      take_entry(raw, raw.seccomp.nr, raw.seccomp.args, info);
      break;
    case PTRACE_SYSCALL_INFO_EXIT:
      info.phase = SyscallInfo::Phase::exit;
      info.result = {raw.exit.rval, raw.exit.is_error != 0};
      break;
    default:
      info.phase = SyscallInfo::Phase::none;
      break;
  }
  return true;
}

std::optional<siginfo_t> signal_info(pid_t tid) {
  siginfo_t info;
  if (::ptrace(PTRACE_GETSIGINFO, tid, nullptr, &info) != 0) return std::nullopt;
  return info;
}

std::optional<std::uint64_t> event_message(pid_t tid) {
  unsigned long message = 0;
  if (::ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &message) != 0) return std::nullopt;
  return message;
}

bool signal_waits(pid_t tid) {
  std::uint64_t blocked = 0;
  if (::ptrace(PTRACE_GETSIGMASK, tid, word(sizeof blocked), &blocked) != 0) {
    return false;
  }
  constexpr int batch = 32;
  std::array<siginfo_t, batch> waiting;
  for (const std::uint32_t queue : {0u, std::uint32_t{PTRACE_PEEKSIGINFO_SHARED}}) {
    __ptrace_peeksiginfo_args range{0, queue, batch};
    const long n = ::ptrace(PTRACE_PEEKSIGINFO, tid, &range, waiting.data());
    for (long i = 0; i < n; ++i) {
      const int signal = waiting[static_cast<std::size_t>(i)].si_signo;
      if (signal > 0 && signal <= 64 && (blocked >> (signal - 1) & 1) == 0) return true;
    }
    if (n == batch) return true;  // More than fit: taken as yes, the answer that changes nothing.
  }
  return false;
}

// X86_TRAP_BP has SI_KERNEL (arch/x86/kernel/traps.c of the kernel, do_int3_user()).
bool is_int3(const siginfo_t& info) { return info.si_signo == SIGTRAP && info.si_code == SI_KERNEL; }

namespace {

template <typename Wanted>
bool any_waits(pid_t tid, Wanted wanted) {
  constexpr int batch = 32;
  std::array<siginfo_t, batch> waiting;
  __ptrace_peeksiginfo_args range{0, 0, batch};
  const long n = ::ptrace(PTRACE_PEEKSIGINFO, tid, &range, waiting.data());
  return n > 0 && std::any_of(waiting.begin(), waiting.begin() + n, wanted);
}

}  // namespace

bool trap_waits(pid_t tid) { return any_waits(tid, is_int3); }

bool waits(pid_t tid, int signal) {
  return any_waits(tid, [&](const siginfo_t& info) { return info.si_signo == signal; });
}

std::optional<arch::Registers> registers(pid_t tid) {
  user_regs_struct raw;
  if (::ptrace(PTRACE_GETREGS, tid, nullptr, &raw) != 0) return std::nullopt;
  return arch::from_kernel(raw);
}

std::vector<std::uint64_t> vector_registers(pid_t tid) {
  std::vector<std::uint64_t> words(2048);  // AMX has the largest state, of 11 KiB.
  iovec into{words.data(), words.size() * sizeof words[0]};
  if (::ptrace(PTRACE_GETREGSET, tid, word(NT_X86_XSTATE), &into) != 0) return {};
  words.resize(into.iov_len / sizeof words[0]);
  return words;
}

bool peek_register(pid_t tid, std::size_t offset, std::uint64_t& value) {
  errno = 0;
  value = static_cast<std::uint64_t>(::ptrace(PTRACE_PEEKUSER, tid, word(offset), nullptr));
  return errno == 0;
}

bool poke_register(pid_t tid, std::size_t offset, std::uint64_t value) {
  return ::ptrace(PTRACE_POKEUSER, tid, word(offset), word(value)) == 0;
}

bool peek_pc(pid_t tid, Address& pc) { return peek_register(tid, offsetof(user_regs_struct, rip), pc.value); }

bool poke_pc(pid_t tid, Address pc) { return poke_register(tid, offsetof(user_regs_struct, rip), pc.value); }

bool peek_sp(pid_t tid, std::uint64_t& sp) { return peek_register(tid, offsetof(user_regs_struct, rsp), sp); }

bool poke_word(pid_t tid, Address address, std::uint64_t value) {
  return ::ptrace(PTRACE_POKEDATA, tid, word(address.value), word(value)) == 0;
}

}  // namespace sonde::ptrace
