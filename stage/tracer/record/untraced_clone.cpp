#include "sonde/record/untraced_clone.hpp"

#include <linux/sched.h>
#include <sys/reg.h>
#include <sys/syscall.h>

#include "sonde/memory/process_memory.hpp"

namespace sonde::record {

namespace {

constexpr std::size_t first_argument = std::size_t{RDI} * 8;

}  // namespace

std::optional<ClearedFlag> clear_untraced(pid_t tid, const ptrace::SyscallEntry& entry) {
  if (entry.abi != Abi::x86_64) return std::nullopt;
  if (entry.nr == SYS_clone) {
    const std::uint64_t flags = entry.args[0];
    if ((flags & CLONE_UNTRACED) == 0) return std::nullopt;
    if (!ptrace::poke_register(tid, first_argument, flags & ~std::uint64_t{CLONE_UNTRACED}))
      return std::nullopt;
    return ClearedFlag{true, {}, flags};
  }
  if (entry.nr != SYS_clone3) return std::nullopt;
  std::uint64_t flags = 0;  // The first member of struct clone_args.
  const Address address{entry.args[0]};
  const auto bytes = std::as_writable_bytes(std::span(&flags, 1));
  if (memory::ProcessMemory(tid).read(address, bytes) != sizeof flags || (flags & CLONE_UNTRACED) == 0) {
    return std::nullopt;
  }
  if (!ptrace::poke_word(tid, address, flags & ~std::uint64_t{CLONE_UNTRACED})) return std::nullopt;
  return ClearedFlag{false, address, flags};
}

void restore_untraced(pid_t tid, const ClearedFlag& cleared) {
  if (cleared.in_register) {
    ptrace::poke_register(tid, first_argument, cleared.original);
  } else {
    ptrace::poke_word(tid, cleared.address, cleared.original);
  }
}

}  // namespace sonde::record
