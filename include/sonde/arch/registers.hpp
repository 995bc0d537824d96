// The registers of a stopped task on x86-64.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sonde/base/types.hpp"

struct user_regs_struct;

namespace sonde::arch {

// The general-purpose registers by their DWARF numbers (System V psABI for AMD64, figure "DWARF Register
// Number Mapping"). Number 16 is the column of the return address, which the program counter stands for.
enum class Register : std::uint8_t {
  rax,
  rdx,
  rcx,
  rbx,
  rsi,
  rdi,
  rbp,
  rsp,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15,
  rip,
};

inline constexpr std::size_t register_count = 17;

// "rax" and so on.
const char* name_of(Register r);

// A copy of what a task had in its registers when it stopped. For a 32-bit program the upper halves are 0.
struct Registers {
  std::array<std::uint64_t, register_count> general{};  // By DWARF number.
  std::uint64_t orig_rax = 0;  // The system call's number, in or after a system call; otherwise -1.
  std::uint64_t eflags = 0;
  std::uint64_t cs = 0;
  std::uint64_t fs_base = 0;  // The thread pointer of 64-bit code.
  std::uint64_t gs_base = 0;

  std::uint64_t& operator[](Register r) { return general[static_cast<std::size_t>(r)]; }
  std::uint64_t operator[](Register r) const { return general[static_cast<std::size_t>(r)]; }

  Address pc() const { return {(*this)[Register::rip]}; }
  Address sp() const { return {(*this)[Register::rsp]}; }

  // Whether the task was running 64-bit code: by the code segment, as the kernel itself decides.
  bool is_64_bit() const;
};

// From the kernel's layout of <sys/user.h>, as PTRACE_GETREGS fills it.
Registers from_kernel(const user_regs_struct& raw);

}  // namespace sonde::arch
