#include "sonde/record/untraced_clone.hpp"

#include <linux/sched.h>
#include <sys/reg.h>

#include "sonde/memory/process_memory.hpp"

namespace sonde::record {

namespace {

constexpr std::uint64_t without(std::uint64_t flags) { return flags & ~std::uint64_t{CLONE_UNTRACED}; }

std::size_t first_argument(Abi abi) {
  return static_cast<std::size_t>(abi == Abi::i386 ? RBX : RDI) * sizeof(std::uint64_t);
}

}  // namespace

std::optional<ClearedFlag> clear_untraced(pid_t tid, const ptrace::SyscallEntry& entry,
                                          const syscall::Row& row) {
  if (row.name == "clone") {
    const std::uint64_t flags = entry.args[0];
    if ((flags & CLONE_UNTRACED) == 0) return std::nullopt;
    const std::size_t reg = first_argument(entry.abi);
    if (!ptrace::poke_register(tid, reg, without(flags))) return std::nullopt;
    return ClearedFlag{reg, {}, flags};
  }
  if (row.name != "clone3") return std::nullopt;
  std::uint64_t flags = 0;  // The first member of struct clone_args.
  const Address address{entry.args[0]};
  const auto bytes = std::as_writable_bytes(std::span(&flags, 1));
  if (memory::ProcessMemory(tid).read(address, bytes) != sizeof flags || (flags & CLONE_UNTRACED) == 0) {
    return std::nullopt;
  }
  if (!ptrace::poke_word(tid, address, without(flags))) return std::nullopt;
  return ClearedFlag{std::nullopt, address, flags};
}

void restore_untraced(pid_t tid, const ClearedFlag& cleared) {
  if (cleared.reg) {
    ptrace::poke_register(tid, *cleared.reg, cleared.original);
  } else {
    ptrace::poke_word(tid, cleared.address, cleared.original);
  }
}

}  // namespace sonde::record
