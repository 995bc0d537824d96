#include "sonde/record/interrupted_call.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <linux/net.h>
#include <string_view>
#include <sys/reg.h>

#include "sonde/ptrace/requests.hpp"
#include "sonde/syscall/table.hpp"

namespace sonde::record {

namespace {

// Calls that fail with EINTR after a stop without any handler having run, and that can be made again without
// harm: not close() or connect(), whose first attempt has already had its effect. The 32-bit table's have
// these names too, some with a suffix, and some are numbers of socketcall() or ipc().
constexpr std::array<std::string_view, 23> repeatable{
    "read",    "readv",      "accept",          "accept4",         "recvfrom",
    "recvmsg", "recvmmsg",   "epoll_wait",      "epoll_pwait",     "epoll_pwait2",
    "semop",   "semtimedop", "rt_sigtimedwait", "io_getevents",    "io_pgetevents",
    "msgrcv",  "msgsnd",     "futex",           "mq_timedreceive", "mq_timedsend",
    "sendto",  "sendmsg",    "io_uring_enter",
};
constexpr std::array<std::uint64_t, 9> repeatable_socketcalls{
    SYS_ACCEPT,  SYS_SEND,    SYS_RECV,    SYS_SENDTO,   SYS_RECVFROM,
    SYS_SENDMSG, SYS_RECVMSG, SYS_ACCEPT4, SYS_RECVMMSG,
};

// syscall, int $0x80, and where the vDSO's sysenter returns to, behind an int $0x80.
constexpr std::uint64_t instruction_bytes = 2;

constexpr std::size_t offset_of(int reg) { return static_cast<std::size_t>(reg) * 8; }

bool contains(const auto& set, const auto& value) {
  return std::find(set.begin(), set.end(), value) != set.end();
}

bool is_repeatable(Abi abi, std::uint32_t nr, std::uint64_t first_argument) {
  const std::array<std::uint64_t, syscall::max_arguments> args{first_argument};
  std::string_view name = syscall::resolve(abi, nr, args)->name;
  if (name == "socketcall") return contains(repeatable_socketcalls, first_argument);
  constexpr std::string_view suffix = "_time64";
  if (abi == Abi::i386 && name.ends_with(suffix)) name.remove_suffix(suffix.size());
  return contains(repeatable, name);
}

}  // namespace

bool call_was_interrupted(pid_t tid) {
  std::uint64_t result = 0;
  if (!ptrace::peek_register(tid, offset_of(RAX), result) || static_cast<std::int32_t>(result) != -EINTR)
    return false;
  ptrace::SyscallInfo info;
  if (!ptrace::syscall_info(tid, info)) return false;
  // The result of a 32-bit call is of 32 bits.
  if (static_cast<std::int64_t>(result) != -EINTR && !info.is_i386) return false;
  std::uint64_t nr = 0;
  std::uint64_t first = 0;
  return ptrace::peek_register(tid, offset_of(ORIG_RAX), nr) &&
         ptrace::peek_register(tid, offset_of(info.is_i386 ? RBX : RDI), first) &&
         is_repeatable(info.is_i386 ? Abi::i386 : Abi::x86_64, static_cast<std::uint32_t>(nr), first);
}

bool make_interrupted_call_again(pid_t tid) {
  if (!call_was_interrupted(tid) || ptrace::signal_waits(tid)) return false;
  std::uint64_t nr = 0;
  std::uint64_t pc = 0;
  return ptrace::peek_register(tid, offset_of(ORIG_RAX), nr) &&
         ptrace::peek_register(tid, offset_of(RIP), pc) && ptrace::poke_register(tid, offset_of(RAX), nr) &&
         ptrace::poke_register(tid, offset_of(RIP), pc - instruction_bytes);
}

}  // namespace sonde::record
