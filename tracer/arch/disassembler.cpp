#include "sonde/arch/disassembler.hpp"

#include <algorithm>
#include <capstone/capstone.h>
#include <dlfcn.h>
#include <optional>
#include <type_traits>
#include <utility>

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

constexpr const char* library = "libcapstone.so.4";
static_assert(CS_API_MAJOR == 4);

// The functions of capstone, loaded with the first disassembler and kept.
struct Capstone {
  decltype(&cs_open) open = nullptr;
  decltype(&cs_close) close = nullptr;
  decltype(&cs_option) option = nullptr;
  decltype(&cs_malloc) malloc = nullptr;
  decltype(&cs_free) free = nullptr;
  decltype(&cs_disasm_iter) disasm_iter = nullptr;
  decltype(&cs_strerror) strerror = nullptr;

  Capstone();
  bool loaded() const { return open && close && option && malloc && free && disasm_iter && strerror; }
  static const Capstone& functions() {
    static const Capstone loaded;
    return loaded;
  }
};

Capstone::Capstone() {
  void* const handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(handle, name));
  };
  find(open, "cs_open");
  find(close, "cs_close");
  find(option, "cs_option");
  find(malloc, "cs_malloc");
  find(free, "cs_free");
  find(disasm_iter, "cs_disasm_iter");
  find(strerror, "cs_strerror");
}

}  // namespace

struct Disassembler::Handle {
  const Capstone& api = Capstone::functions();
  csh capstone = 0;
  cs_insn* instruction = nullptr;

  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (instruction != nullptr) api.free(instruction, 1);
    if (capstone != 0) api.close(&capstone);
  }

  // The instruction at the start of `code`, until the next call; null when there is none.
  const cs_insn* decode(Bytes code, std::uint64_t address) const {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(code.data());
    std::size_t size = code.size();
    return size != 0 && api.disasm_iter(capstone, &bytes, &size, &address, instruction) ? instruction
                                                                                        : nullptr;
  }
};

Disassembler::Disassembler(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Disassembler::Disassembler(Disassembler&&) noexcept = default;
Disassembler& Disassembler::operator=(Disassembler&&) noexcept = default;
Disassembler::~Disassembler() = default;

Result<Disassembler> Disassembler::make(bool is_64_bit) {
  auto handle = std::make_unique<Handle>();
  if (!handle->api.loaded())
    return fail(ErrorCode::unsupported, std::string(library) + " cannot be loaded; is it installed?");
  const cs_err error = handle->api.open(CS_ARCH_X86, is_64_bit ? CS_MODE_64 : CS_MODE_32, &handle->capstone);
  if (error != CS_ERR_OK)
    return fail(ErrorCode::unsupported, std::string("capstone: ") + handle->api.strerror(error));
  handle->api.option(handle->capstone, CS_OPT_DETAIL, CS_OPT_ON);
  handle->instruction = handle->api.malloc(handle->capstone);
  if (handle->instruction == nullptr) return fail(ErrorCode::unsupported, "capstone: no memory");
  return Disassembler(std::move(handle));
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
