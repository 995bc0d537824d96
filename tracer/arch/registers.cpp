#include "sonde/arch/registers.hpp"

#include <sys/user.h>

namespace sonde::arch {

namespace {

constexpr std::uint64_t user_cs = 0x33;  // __USER_CS of the kernel's asm/segment.h; 32-bit code has 0x23.

constexpr std::array<const char*, register_count> names = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi",
                                                           "rbp", "rsp", "r8",  "r9",  "r10", "r11",
                                                           "r12", "r13", "r14", "r15", "rip"};

}  // namespace

const char* name_of(Register r) { return names[static_cast<std::size_t>(r)]; }

bool Registers::is_64_bit() const { return cs == user_cs; }

Registers from_kernel(const user_regs_struct& raw) {
  Registers to;
  to.general = {raw.rax, raw.rdx, raw.rcx, raw.rbx, raw.rsi, raw.rdi, raw.rbp, raw.rsp, raw.r8,
                raw.r9,  raw.r10, raw.r11, raw.r12, raw.r13, raw.r14, raw.r15, raw.rip};
  to.orig_rax = raw.orig_rax;
  to.eflags = raw.eflags;
  to.cs = raw.cs;
  to.fs_base = raw.fs_base;
  to.gs_base = raw.gs_base;
  return to;
}

}  // namespace sonde::arch
