#include "sonde/arch/disassembler.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "arch/decoder.hpp"

namespace sonde::arch {

namespace {

struct Named {
  x86_reg wide;
  x86_reg narrow;
  Register reg;
};

constexpr Named general[] = {
    {X86_REG_RAX, X86_REG_EAX, Register::rax},  {X86_REG_RBX, X86_REG_EBX, Register::rbx},
    {X86_REG_RCX, X86_REG_ECX, Register::rcx},  {X86_REG_RDX, X86_REG_EDX, Register::rdx},
    {X86_REG_RSI, X86_REG_ESI, Register::rsi},  {X86_REG_RDI, X86_REG_EDI, Register::rdi},
    {X86_REG_RBP, X86_REG_EBP, Register::rbp},  {X86_REG_RSP, X86_REG_ESP, Register::rsp},
    {X86_REG_R8, X86_REG_R8D, Register::r8},    {X86_REG_R9, X86_REG_R9D, Register::r9},
    {X86_REG_R10, X86_REG_R10D, Register::r10}, {X86_REG_R11, X86_REG_R11D, Register::r11},
    {X86_REG_R12, X86_REG_R12D, Register::r12}, {X86_REG_R13, X86_REG_R13D, Register::r13},
    {X86_REG_R14, X86_REG_R14D, Register::r14}, {X86_REG_R15, X86_REG_R15D, Register::r15},
};

// The value of a register of an address; empty for one that no address of ours has (vector indices).
std::optional<std::uint64_t> value_of(x86_reg reg, const Registers& registers, std::uint64_t next_pc) {
  if (reg == X86_REG_INVALID || reg == X86_REG_RIZ || reg == X86_REG_EIZ) return 0;
  if (reg == X86_REG_RIP || reg == X86_REG_EIP) return next_pc;
  for (const Named& named : general) {
    if (named.wide == reg) return registers[named.reg];
    if (named.narrow == reg) return static_cast<std::uint32_t>(registers[named.reg]);
  }
  return std::nullopt;
}

std::uint64_t segment_base(x86_reg segment, const Registers& registers) {
  if (segment == X86_REG_FS) return registers.fs_base;
  return segment == X86_REG_GS ? registers.gs_base : 0;
}

std::optional<std::uint64_t> address_of(const x86_op_mem& memory, const Registers& registers,
                                        std::uint64_t next_pc) {
  const auto base = value_of(memory.base, registers, next_pc);
  const auto index = value_of(memory.index, registers, next_pc);
  if (!base || !index) return std::nullopt;
  return segment_base(memory.segment, registers) + *base + *index * static_cast<std::uint64_t>(memory.scale) +
         static_cast<std::uint64_t>(memory.disp);
}

// What push, pop, call, ret and leave do with the stack.
std::optional<MemoryAccess> stack_access(unsigned id, const Registers& registers) {
  const auto word = static_cast<std::uint32_t>(registers.is_64_bit() ? 8 : 4);
  const std::uint64_t sp = registers.sp().value;
  switch (id) {
    case X86_INS_PUSH:
    case X86_INS_CALL:
      return MemoryAccess{sp - word, word, false, true};
    case X86_INS_POP:
    case X86_INS_RET:
      return MemoryAccess{sp, word, true, false};
    case X86_INS_LEAVE:
      return MemoryAccess{registers[Register::rbp], word, true, false};
    default:
      return std::nullopt;
  }
}

}  // namespace

struct Disassembler::Handle {
  explicit Handle(Decoder opened) : decoder(std::move(opened)) {}
  const cs_insn* decode(Bytes code, std::uint64_t address) const { return decoder.decode(code, address); }
  Decoder decoder;
};

Disassembler::Disassembler(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Disassembler::Disassembler(Disassembler&&) noexcept = default;
Disassembler& Disassembler::operator=(Disassembler&&) noexcept = default;
Disassembler::~Disassembler() = default;

Result<Disassembler> Disassembler::make(bool is_64_bit) {
  auto decoder = Decoder::make(is_64_bit);
  if (!decoder) return Failure(std::move(decoder.error()));
  return Disassembler(std::make_unique<Handle>(*std::move(decoder)));
}

std::vector<Instruction> Disassembler::around(Bytes code, std::uint64_t begin, std::uint64_t pc,
                                              std::size_t before, std::size_t after) const {
  if (pc < begin || pc - begin >= code.size()) return {};
  const std::size_t at = pc - begin;
  std::vector<Instruction> found;
  // Decodes from an offset until `end`, or as far as there are instructions.
  const auto read = [&](std::size_t offset, std::size_t end, std::size_t most) {
    std::vector<Instruction> instructions;
    while (offset < end && instructions.size() < most) {
      const cs_insn* one = handle_->decode(code.subspan(offset), begin + offset);
      if (one == nullptr) break;
      std::string text = one->mnemonic;
      if (one->op_str[0] != '\0') text.append(" ").append(one->op_str);
      instructions.push_back({one->address, one->size, std::move(text)});
      offset += one->size;
    }
    return std::pair(std::move(instructions), offset);
  };
  for (std::size_t start = 0; start < at && before != 0; ++start) {
    auto [instructions, end] = read(start, at, at);
    if (end != at) continue;
    const std::size_t surplus = instructions.size() - std::min(before, instructions.size());
    instructions.erase(instructions.begin(), instructions.begin() + static_cast<std::ptrdiff_t>(surplus));
    found = std::move(instructions);
    break;
  }
  auto [rest, end] = read(at, code.size(), after + 1);
  if (rest.empty()) return {};
  std::move(rest.begin(), rest.end(), std::back_inserter(found));
  return found;
}

std::vector<MemoryAccess> Disassembler::accesses(Bytes code, const Registers& registers) const {
  const cs_insn* one = handle_->decode(code, registers.pc().value);
  std::vector<MemoryAccess> found;
  if (one == nullptr || one->detail == nullptr) return found;
  const std::uint64_t next_pc = one->address + one->size;
  const cs_x86& x86 = one->detail->x86;
  if (const auto stack = stack_access(one->id, registers)) found.push_back(*stack);
  // lea and nop compute addresses that they do not touch.
  if (one->id == X86_INS_LEA || one->id == X86_INS_NOP) return found;
  for (std::uint8_t i = 0; i < x86.op_count; ++i) {
    const cs_x86_op& operand = x86.operands[i];
    if (operand.type != X86_OP_MEM) continue;
    const auto address = address_of(operand.mem, registers, next_pc);
    if (!address) continue;
    found.push_back(
        {*address, operand.size, (operand.access & CS_AC_READ) != 0, (operand.access & CS_AC_WRITE) != 0});
  }
  return found;
}

}  // namespace sonde::arch
