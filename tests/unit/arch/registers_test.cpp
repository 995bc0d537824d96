#include "sonde/arch/registers.hpp"

#include <string_view>
#include <sys/user.h>

#include <doctest/doctest.h>

using sonde::arch::Register;

TEST_CASE("each register of the kernel's layout arrives at its DWARF number") {
  user_regs_struct raw{};
  raw.rax = 1, raw.rdx = 2, raw.rcx = 3, raw.rbx = 4, raw.rsi = 5, raw.rdi = 6, raw.rbp = 7, raw.rsp = 8;
  raw.r8 = 9, raw.r9 = 10, raw.r10 = 11, raw.r11 = 12, raw.r12 = 13, raw.r13 = 14, raw.r14 = 15, raw.r15 = 16;
  raw.rip = 17;
  raw.orig_rax = 18, raw.eflags = 19, raw.cs = 0x33, raw.fs_base = 21, raw.gs_base = 22;
  const auto registers = sonde::arch::from_kernel(raw);
  for (std::size_t i = 0; i < sonde::arch::register_count; ++i) CHECK(registers.general[i] == i + 1);
  CHECK(registers[Register::rsp] == 8);
  CHECK(registers.sp().value == 8);
  CHECK(registers.pc().value == 17);
  CHECK(registers.orig_rax == 18);
  CHECK(registers.eflags == 19);
  CHECK(registers.fs_base == 21);
  CHECK(registers.gs_base == 22);
}

TEST_CASE("the code segment tells 64-bit code from 32-bit code") {
  sonde::arch::Registers registers;
  registers.cs = 0x33;
  CHECK(registers.is_64_bit());
  registers.cs = 0x23;
  CHECK_FALSE(registers.is_64_bit());
}

TEST_CASE("registers have the names that the manuals give them") {
  CHECK(std::string_view(name_of(Register::rdx)) == "rdx");
  CHECK(std::string_view(name_of(Register::r15)) == "r15");
  CHECK(std::string_view(name_of(Register::rip)) == "rip");
}
