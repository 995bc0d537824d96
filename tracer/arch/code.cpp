#include "sonde/arch/code.hpp"

#include <cstring>
#include <limits>
#include <utility>

#include "arch/decoder.hpp"

namespace sonde::arch {

namespace {

constexpr std::byte jump_rel32{0xe9};     // Intel SDM, volume 2, JMP
constexpr std::byte branch_prefix{0x0f};  // Jcc rel32 is 0F 8x, with the condition of the short form's 7x
constexpr std::uint8_t branch_rel32 = 0x80;
constexpr std::size_t jump_size = 5;
constexpr std::size_t branch_size = 6;

bool has_group(const cs_insn& instruction, std::uint8_t group) {
  for (std::uint8_t i = 0; i < instruction.detail->groups_count; ++i) {
    if (instruction.detail->groups[i] == group) return true;
  }
  return false;
}

// Loops and jumps on rcx are no branches like others: they have no long form.
bool is_loop(const cs_insn& instruction) {
  switch (instruction.id) {
    case X86_INS_LOOP:
    case X86_INS_LOOPE:
    case X86_INS_LOOPNE:
    case X86_INS_JRCXZ:
    case X86_INS_JECXZ:
    case X86_INS_JCXZ:
    case X86_INS_XBEGIN:
      return true;
    default:
      return false;
  }
}

Flow flow_of(const cs_insn& instruction) {
  const cs_x86& x86 = instruction.detail->x86;
  const bool direct = x86.op_count == 1 && x86.operands[0].type == X86_OP_IMM;
  switch (instruction.id) {
    case X86_INS_RET:
    case X86_INS_RETF:
    case X86_INS_IRETQ:
      return Flow::ret;
    case X86_INS_UD2:
    case X86_INS_HLT:
    case X86_INS_INT3:
      return Flow::trap;
    case X86_INS_JMP:
    case X86_INS_LJMP:
      return direct ? Flow::jump : Flow::jump_anywhere;
    default:
      break;
  }
  return has_group(instruction, X86_GRP_JUMP) || is_loop(instruction) ? Flow::branch : Flow::onward;
}

bool is_call(const cs_insn& instruction) { return has_group(instruction, X86_GRP_CALL); }

std::optional<std::uint32_t> relative(std::uint64_t target, std::uint64_t next) {
  const auto distance = static_cast<std::int64_t>(target - next);
  if (distance < std::numeric_limits<std::int32_t>::min() ||
      distance > std::numeric_limits<std::int32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(distance);
}

void append_word(std::vector<std::byte>& code, std::uint32_t word) {
  const auto bytes = std::as_bytes(std::span(&word, 1));
  code.insert(code.end(), bytes.begin(), bytes.end());
}

// A jump at `to` plus what `code` has already.
bool append_jump(std::vector<std::byte>& code, std::uint64_t to, std::uint64_t target) {
  const auto distance = relative(target, to + code.size() + jump_size);
  if (!distance) return false;
  code.push_back(jump_rel32);
  append_word(code, *distance);
  return true;
}

bool append_branch(std::vector<std::byte>& code, std::uint64_t to, std::uint8_t condition,
                   std::uint64_t target) {
  const auto distance = relative(target, to + branch_size);
  if (!distance) return false;
  code.push_back(branch_prefix);
  code.push_back(std::byte(branch_rel32 | condition));
  append_word(code, *distance);
  return true;
}

bool has_rip_operand(const cs_x86& x86) {
  for (std::uint8_t i = 0; i < x86.op_count; ++i) {
    const cs_x86_op& operand = x86.operands[i];
    if (operand.type == X86_OP_MEM && (operand.mem.base == X86_REG_RIP || operand.mem.base == X86_REG_EIP))
      return true;
  }
  return false;
}

// Its bytes, with a displacement from rip that names the same address from `to`.
std::optional<std::vector<std::byte>> copied(const cs_insn& instruction, std::uint64_t from,
                                             std::uint64_t to) {
  const auto bytes = std::as_bytes(std::span(instruction.bytes, instruction.size));
  std::vector<std::byte> code(bytes.begin(), bytes.end());
  const cs_x86& x86 = instruction.detail->x86;
  if (!has_rip_operand(x86)) return code;
  const std::size_t at = x86.encoding.disp_offset;
  std::int32_t displacement = 0;
  if (x86.encoding.disp_size != sizeof displacement || at + sizeof displacement > code.size())
    return std::nullopt;
  std::memcpy(&displacement, code.data() + at, sizeof displacement);
  const std::uint64_t target =
      from + instruction.size + static_cast<std::uint64_t>(std::int64_t{displacement});
  const auto moved = relative(target, to + instruction.size);
  if (!moved) return std::nullopt;
  std::memcpy(code.data() + at, &*moved, sizeof *moved);
  return code;
}

}  // namespace

struct Code::Handle {
  explicit Handle(Decoder opened) : decoder(std::move(opened)) {}
  Decoder decoder;
};

Code::Code(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Code::Code(Code&&) noexcept = default;
Code& Code::operator=(Code&&) noexcept = default;
Code::~Code() = default;

Result<Code> Code::make() {
  auto decoder = Decoder::make(true);
  if (!decoder) return Failure(std::move(decoder.error()));
  return Code(std::make_unique<Handle>(*std::move(decoder)));
}

std::optional<CodeInstruction> Code::decode(Bytes code, std::uint64_t address) const {
  const cs_insn* one = handle_->decoder.decode(code, address);
  if (one == nullptr || one->detail == nullptr) return std::nullopt;
  CodeInstruction decoded{one->size, flow_of(*one), 0, is_call(*one), 0};
  if (decoded.is_call) decoded.flow = Flow::onward;
  if (decoded.flow == Flow::branch || decoded.flow == Flow::jump) {
    decoded.target = static_cast<std::uint64_t>(one->detail->x86.operands[0].imm);
  }
  if (decoded.flow == Flow::jump_anywhere && has_rip_operand(one->detail->x86)) {
    const auto displacement = static_cast<std::uint64_t>(one->detail->x86.operands[0].mem.disp);
    decoded.pointer = address + one->size + displacement;
  }
  return decoded;
}

std::optional<MovedInstruction> Code::move(Bytes code, std::uint64_t from, std::uint64_t to) const {
  const cs_insn* one = handle_->decoder.decode(code, from);
  if (one == nullptr || one->detail == nullptr || is_call(*one) || is_loop(*one)) return std::nullopt;
  const Flow flow = flow_of(*one);
  const std::uint64_t next = from + one->size;
  if (flow == Flow::trap) return std::nullopt;
  const auto target = static_cast<std::uint64_t>(one->detail->x86.operands[0].imm);
  MovedInstruction moved{{}, 0};
  if (flow == Flow::jump) {
    if (!append_jump(moved.code, to, target)) return std::nullopt;
    return moved;
  }
  if (flow == Flow::branch) {
    // The condition is the low half of the last byte of the opcode, in both forms.
    const std::uint8_t* opcode = one->detail->x86.opcode;
    const std::uint8_t condition = (opcode[0] == 0x0f ? opcode[1] : opcode[0]) & 0xf;
    if (!append_branch(moved.code, to, condition, target)) return std::nullopt;
  } else {
    auto copy = copied(*one, from, to);
    if (!copy) return std::nullopt;
    moved.code = *std::move(copy);
    if (flow == Flow::ret || flow == Flow::jump_anywhere) return moved;
  }
  moved.executed_at = static_cast<std::uint32_t>(moved.code.size());
  if (!append_jump(moved.code, to, next)) return std::nullopt;
  return moved;
}

}  // namespace sonde::arch
