// The registers of a frame, of which some are lost.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sonde/arch/registers.hpp"

namespace sonde::unwind {

using arch::Register;

constexpr std::uint32_t bit_of(Register r) { return 1u << static_cast<unsigned>(r); }

// What a function leaves as it was for its caller (psABI, section 3.2.1), less the stack pointer.
inline constexpr std::uint32_t callee_saved = bit_of(Register::rbx) | bit_of(Register::rbp) |
                                              bit_of(Register::r12) | bit_of(Register::r13) |
                                              bit_of(Register::r14) | bit_of(Register::r15);

struct FrameRegisters {
  std::array<std::uint64_t, arch::register_count> value{};
  std::uint32_t known = 0;  // A bit for each register by its DWARF number.

  bool has(std::size_t number) const { return (known >> number & 1) != 0; }
  std::uint64_t operator[](Register r) const { return value[static_cast<std::size_t>(r)]; }
  void set(std::size_t number, std::uint64_t to) {
    value[number] = to;
    known |= 1u << number;
  }
  void set(Register r, std::uint64_t to) { set(static_cast<std::size_t>(r), to); }
  void lose(std::size_t number) { known &= ~(1u << number); }
};

}  // namespace sonde::unwind
