// Leaving code that has no call frame information: code made at run time, assembly, jumps into nothing.
#include <array>
#include <cstring>

#include "unwind/walker.hpp"

namespace sonde::unwind {

namespace {

// The words of struct ucontext (asm/ucontext.h, asm/sigcontext.h) that hold the interrupted registers, from
// its byte 40 on.
constexpr std::uint64_t ucontext_registers = 40;
constexpr std::array interrupted = {
    Register::r8,  Register::r9,  Register::r10, Register::r11, Register::r12, Register::r13,
    Register::r14, Register::r15, Register::rdi, Register::rsi, Register::rbp, Register::rbx,
    Register::rdx, Register::rax, Register::rcx, Register::rsp, Register::rip,
};

// mov $15, %rax; syscall: rt_sigreturn, as every C library's signal restorer has it.
constexpr std::array<std::uint8_t, 9> restorer = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};

}  // namespace

std::optional<End> Walker::without_information(std::uint32_t module) {
  // Where something is wrong with a call, its target is the innermost frame's pc, or an interrupted one's.
  if (module == no_module) {
    if (exact_ && by_stack_top()) return std::nullopt;
    return End::no_information;
  }
  if (by_trampoline()) return std::nullopt;
  if (exact_ && by_prologue()) return std::nullopt;
  if (by_frame_pointer()) return std::nullopt;
  return End::no_information;
}

// Makes the caller's frame the one reached, if there is code to return to. rbp is the caller's already.
bool Walker::returns_to(std::uint64_t return_address, std::uint64_t cfa, Found how) {
  if (return_address == 0 || modules_.find(return_address - 1) == no_module || cfa <= cfa_) return false;
  cfa_ = cfa;
  registers_.set(Register::rip, return_address);
  registers_.set(Register::rsp, cfa);
  registers_.known &= callee_saved | bit_of(Register::rip) | bit_of(Register::rsp);
  found_ = how;
  exact_ = false;
  return true;
}

bool Walker::by_stack_top() {
  const std::uint64_t sp = registers_[Register::rsp];
  std::uint64_t return_address = 0;
  return stack_.word(sp, return_address) && returns_to(return_address, sp + 8, Found::stack_top);
}

bool Walker::by_trampoline() {
  std::array<std::uint8_t, restorer.size()> code;
  if (!stack_.copy(registers_[Register::rip], std::as_writable_bytes(std::span(code))) || code != restorer)
    return false;
  FrameRegisters found;
  const std::uint64_t context = registers_[Register::rsp] + ucontext_registers;
  for (std::size_t i = 0; i < interrupted.size(); ++i) {
    std::uint64_t value = 0;
    if (!stack_.word(context + 8 * i, value)) return false;
    found.set(interrupted[i], value);
  }
  registers_ = found;
  cfa_ = found[Register::rsp];
  found_ = Found::trampoline;
  exact_ = true;
  return true;
}

// At a function's first instructions the caller's frame is not yet behind rbp; at its last one, no more.
bool Walker::by_prologue() {
  std::array<std::uint8_t, 4> code;
  if (!stack_.copy(registers_[Register::rip], std::as_writable_bytes(std::span(code)))) return false;
  const bool endbr = code == std::array<std::uint8_t, 4>{0xf3, 0x0f, 0x1e, 0xfa};
  const bool push_rbp = code[0] == 0x55;
  const bool ret = code[0] == 0xc3 || code[0] == 0xc2;
  const bool mov_rsp_rbp =
      code[0] == 0x48 && ((code[1] == 0x89 && code[2] == 0xe5) || (code[1] == 0x8b && code[2] == 0xec));
  if (endbr || push_rbp || ret) {
    std::uint64_t return_address = 0;
    const std::uint64_t sp = registers_[Register::rsp];
    return stack_.word(sp, return_address) && returns_to(return_address, sp + 8, Found::prologue);
  }
  return mov_rsp_rbp && leave_frame_at(registers_[Register::rsp], Found::prologue);
}

bool Walker::by_frame_pointer() {
  return registers_.has(static_cast<std::size_t>(Register::rbp)) &&
         leave_frame_at(registers_[Register::rbp], Found::frame_pointer);
}

// The two words that a function puts at its frame's end: the caller's rbp and the return address (psABI,
// section 3.2.2).
bool Walker::leave_frame_at(std::uint64_t frame, Found how) {
  std::uint64_t saved = 0;
  std::uint64_t return_address = 0;
  if (frame % 8 != 0 || frame + 16 < frame || !stack_.word(frame, saved) ||
      !stack_.word(frame + 8, return_address)) {
    return false;
  }
  if (!returns_to(return_address, frame + 16, how)) return false;
  // What such code did to the other registers, nobody knows.
  registers_.known = bit_of(Register::rip) | bit_of(Register::rsp);
  registers_.set(Register::rbp, saved);
  return true;
}

}  // namespace sonde::unwind
