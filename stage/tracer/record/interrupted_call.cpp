#include "sonde/record/interrupted_call.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/reg.h>
#include <sys/syscall.h>

#include "sonde/ptrace/requests.hpp"

namespace sonde::record {

namespace {

// Calls that fail with EINTR after a stop without any handler having run, and that can be made again without
// harm: not close() or connect(), whose first attempt has already had its effect.
constexpr std::array repeatable{
    SYS_read,    SYS_readv,      SYS_accept,          SYS_accept4,         SYS_recvfrom,
    SYS_recvmsg, SYS_recvmmsg,   SYS_epoll_wait,      SYS_epoll_pwait,     SYS_epoll_pwait2,
    SYS_semop,   SYS_semtimedop, SYS_rt_sigtimedwait, SYS_io_getevents,    SYS_io_pgetevents,
    SYS_msgrcv,  SYS_msgsnd,     SYS_futex,           SYS_mq_timedreceive, SYS_mq_timedsend,
    SYS_sendto,  SYS_sendmsg,    SYS_io_uring_enter,
};

constexpr std::uint64_t syscall_instruction_bytes = 2;  // 0f 05
constexpr std::uint64_t user_code_segment = 0x33;       // 64-bit code; see arch/x86/include/asm/segment.h

constexpr std::size_t offset_of(int reg) { return static_cast<std::size_t>(reg) * 8; }

}  // namespace

bool call_was_interrupted(pid_t tid) {
  std::uint64_t result = 0;
  if (!ptrace::peek_register(tid, offset_of(RAX), result) || static_cast<std::int64_t>(result) != -EINTR)
    return false;
  std::uint64_t nr = 0;
  std::uint64_t segment = 0;
  if (!ptrace::peek_register(tid, offset_of(ORIG_RAX), nr) ||
      !ptrace::peek_register(tid, offset_of(CS), segment)) {
    return false;
  }
  const bool known =
      std::find(repeatable.begin(), repeatable.end(), static_cast<long>(nr)) != repeatable.end();
  return known && segment == user_code_segment;
}

bool make_interrupted_call_again(pid_t tid) {
  if (!call_was_interrupted(tid) || ptrace::signal_waits(tid)) return false;
  std::uint64_t nr = 0;
  std::uint64_t pc = 0;
  return ptrace::peek_register(tid, offset_of(ORIG_RAX), nr) &&
         ptrace::peek_register(tid, offset_of(RIP), pc) && ptrace::poke_register(tid, offset_of(RAX), nr) &&
         ptrace::poke_register(tid, offset_of(RIP), pc - syscall_instruction_bytes);
}

}  // namespace sonde::record
