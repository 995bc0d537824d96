// Machine code as people read it, and what an instruction does with memory. Through capstone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sonde/arch/registers.hpp"
#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"

namespace sonde::arch {

struct Instruction {
  std::uint64_t address = 0;
  std::uint32_t size = 0;  // Bytes.
  std::string text;        // Intel's syntax: "mov eax, dword ptr [rax + 0x18]".
};

// A piece of memory that an instruction touches.
struct MemoryAccess {
  std::uint64_t address = 0;
  std::uint32_t size = 0;
  bool reads = false;
  bool writes = false;
};

class Disassembler {
 public:
  // For 64-bit code, or else 32-bit code. Fails when capstone cannot be set up.
  static Result<Disassembler> make(bool is_64_bit);
  Disassembler(Disassembler&&) noexcept;
  Disassembler& operator=(Disassembler&&) noexcept;
  ~Disassembler();

  // The instruction at `pc`, and up to so many before and after it, of `code`, which begins at `begin`. What
  // lies before is guessed: instructions have no fixed size, so of the ways to read the bytes that come out
  // at `pc` it is the longest. Empty when there is no instruction at `pc`.
  std::vector<Instruction> around(Bytes code, std::uint64_t begin, std::uint64_t pc, std::size_t before,
                                  std::size_t after) const;

  // What the first instruction of `code` would touch with these registers, of which the pc is its address:
  // its explicit operands, and the stack of push, pop, call and ret. Empty when it touches nothing or is
  // none.
  std::vector<MemoryAccess> accesses(Bytes code, const Registers& registers) const;

 private:
  struct Handle;
  explicit Disassembler(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace sonde::arch
