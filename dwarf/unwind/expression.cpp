#include "unwind/expression.hpp"

#include <array>
#include <utility>

#include "sonde/base/limits.hpp"
#include "unwind/constants.hpp"
#include "unwind/reader.hpp"

namespace sonde::unwind {

namespace {

std::uint64_t widened(std::int64_t value) { return static_cast<std::uint64_t>(value); }

class Evaluation {
 public:
  Evaluation(Bytes expression, const FrameRegisters& registers, std::uint64_t bias, const StackWindow& stack)
      : expression_(expression), at_(expression), registers_(registers), bias_(bias), stack_(stack) {}

  void push(std::uint64_t value) {
    if (depth_ == values_.size()) {
      failed_ = true;
    } else {
      values_[depth_++] = value;
    }
  }

  std::optional<std::uint64_t> run() {
    for (std::size_t step = 0; !at_.at_end(); ++step) {
      if (step == limits::cfi_expression_steps) return std::nullopt;
      const std::uint8_t code = at_.u8();
      if (!(constant(code) || rearrangement(code) || arithmetic(code) || comparison(code) || other(code)))
        failed_ = true;
      if (failed_ || !at_.ok()) return std::nullopt;
    }
    if (depth_ == 0) return std::nullopt;
    return values_[depth_ - 1];
  }

 private:
  std::uint64_t pop() {
    if (depth_ == 0) {
      failed_ = true;
      return 0;
    }
    return values_[--depth_];
  }
  // The value `below` the top.
  std::uint64_t peek(std::size_t below) {
    if (below >= depth_) {
      failed_ = true;
      return 0;
    }
    return values_[depth_ - 1 - below];
  }

  bool constant(std::uint8_t code);
  bool rearrangement(std::uint8_t code);
  bool arithmetic(std::uint8_t code);
  bool unary(std::uint8_t code);
  bool comparison(std::uint8_t code);
  bool other(std::uint8_t code);
  void push_register(std::uint64_t number, std::int64_t offset);
  void push_memory(std::size_t bytes);
  void jump(std::int16_t by);
  static std::optional<std::uint64_t> divided(std::uint64_t by, std::uint64_t value);

  Bytes expression_;
  Reader at_;
  std::size_t base_ = 0;  // Where the reader began in the expression.
  const FrameRegisters& registers_;
  std::uint64_t bias_;
  const StackWindow& stack_;
  std::array<std::uint64_t, limits::cfi_expression_stack> values_;
  std::size_t depth_ = 0;
  bool failed_ = false;
};

bool Evaluation::constant(std::uint8_t code) {
  if (code >= dw_op_lit0 && code <= dw_op_lit31) {
    push(code - dw_op_lit0);
    return true;
  }
  switch (code) {
    case dw_op_addr:
      push(at_.u64() + bias_);
      return true;
    case dw_op_const1u:
      push(at_.u8());
      return true;
    case dw_op_const1s:
      push(widened(at_.number<std::int8_t>()));
      return true;
    case dw_op_const2u:
      push(at_.u16());
      return true;
    case dw_op_const2s:
      push(widened(at_.number<std::int16_t>()));
      return true;
    case dw_op_const4u:
      push(at_.u32());
      return true;
    case dw_op_const4s:
      push(widened(at_.number<std::int32_t>()));
      return true;
    case dw_op_const8u:
    case dw_op_const8s:
      push(at_.u64());
      return true;
    case dw_op_constu:
      push(at_.uleb());
      return true;
    case dw_op_consts:
      push(widened(at_.sleb()));
      return true;
    default:
      return false;
  }
}

bool Evaluation::rearrangement(std::uint8_t code) {
  switch (code) {
    case dw_op_dup:
      push(peek(0));
      return true;
    case dw_op_drop:
      pop();
      return true;
    case dw_op_over:
      push(peek(1));
      return true;
    case dw_op_pick:
      push(peek(at_.u8()));
      return true;
    case dw_op_swap: {
      const std::uint64_t first = pop();
      const std::uint64_t second = pop();
      push(first);
      push(second);
      return true;
    }
    case dw_op_rot: {
      const std::uint64_t first = pop();
      const std::uint64_t second = pop();
      const std::uint64_t third = pop();
      push(first);
      push(third);
      push(second);
      return true;
    }
    default:
      return false;
  }
}

bool Evaluation::unary(std::uint8_t code) {
  switch (code) {
    case dw_op_abs: {
      const std::uint64_t value = pop();
      push(static_cast<std::int64_t>(value) < 0 ? 0 - value : value);
      return true;
    }
    case dw_op_neg:
      push(0 - pop());
      return true;
    case dw_op_not:
      push(~pop());
      return true;
    case dw_op_plus_uconst: {
      const std::uint64_t value = pop();
      push(value + at_.uleb());
      return true;
    }
    default:
      return false;
  }
}

// Signed, as DWARF has it; the smallest number by -1 is itself, as the processor would not have it.
std::optional<std::uint64_t> Evaluation::divided(std::uint64_t by, std::uint64_t value) {
  if (by == 0) return std::nullopt;
  if (by == ~std::uint64_t{0}) return 0 - value;
  return widened(static_cast<std::int64_t>(value) / static_cast<std::int64_t>(by));
}

bool Evaluation::arithmetic(std::uint8_t code) {
  if (unary(code)) return true;
  if (code < dw_op_and || code > dw_op_xor) return false;
  const std::uint64_t top = pop();
  const std::uint64_t below = pop();
  switch (code) {
    case dw_op_and:
      push(below & top);
      return true;
    case dw_op_div: {
      const auto quotient = divided(top, below);
      failed_ = failed_ || !quotient;
      push(quotient.value_or(0));
      return true;
    }
    case dw_op_minus:
      push(below - top);
      return true;
    case dw_op_mod:
      failed_ = failed_ || top == 0;
      push(top == 0 ? 0 : below % top);
      return true;
    case dw_op_mul:
      push(below * top);
      return true;
    case dw_op_or:
      push(below | top);
      return true;
    case dw_op_plus:
      push(below + top);
      return true;
    case dw_op_shl:
      push(top < 64 ? below << top : 0);
      return true;
    case dw_op_shr:
      push(top < 64 ? below >> top : 0);
      return true;
    case dw_op_shra:
      push(widened(static_cast<std::int64_t>(below) >> (top < 64 ? top : 63)));
      return true;
    default:
      push(below ^ top);
      return true;
  }
}

bool Evaluation::comparison(std::uint8_t code) {
  if (code < dw_op_eq || code > dw_op_ne) return false;
  const auto top = static_cast<std::int64_t>(pop());
  const auto below = static_cast<std::int64_t>(pop());
  switch (code) {
    case dw_op_eq:
      push(below == top);
      return true;
    case dw_op_ge:
      push(below >= top);
      return true;
    case dw_op_gt:
      push(below > top);
      return true;
    case dw_op_le:
      push(below <= top);
      return true;
    case dw_op_lt:
      push(below < top);
      return true;
    default:
      push(below != top);
      return true;
  }
}

// Registers, memory and control.
bool Evaluation::other(std::uint8_t code) {
  if (code >= dw_op_breg0 && code <= dw_op_breg31) {
    push_register(code - dw_op_breg0, at_.sleb());
    return true;
  }
  switch (code) {
    case dw_op_bregx: {
      const std::uint64_t number = at_.uleb();
      push_register(number, at_.sleb());
      return true;
    }
    case dw_op_deref:
      push_memory(sizeof(std::uint64_t));
      return true;
    case dw_op_deref_size:
      push_memory(at_.u8());
      return true;
    case dw_op_bra: {
      const auto by = at_.number<std::int16_t>();
      if (pop() != 0) jump(by);
      return true;
    }
    case dw_op_skip:
      jump(at_.number<std::int16_t>());
      return true;
    case dw_op_nop:
      return true;
    default:
      return false;
  }
}

void Evaluation::push_register(std::uint64_t number, std::int64_t offset) {
  if (number >= arch::register_count || !registers_.has(static_cast<std::size_t>(number))) {
    failed_ = true;
  } else {
    push(registers_.value[static_cast<std::size_t>(number)] + widened(offset));
  }
}

void Evaluation::push_memory(std::size_t bytes) {
  const std::uint64_t address = pop();
  std::uint64_t value = 0;
  const bool right = bytes == sizeof value
                         ? stack_.word(address, value)
                         : bytes > 0 && bytes < sizeof value && stack_.read(address, bytes, value);
  failed_ = failed_ || !right;
  push(value);
}

void Evaluation::jump(std::int16_t by) {
  const std::ptrdiff_t to = static_cast<std::ptrdiff_t>(at_.position() + base_) + by;
  if (!at_.ok() || to < 0 || std::cmp_greater(to, expression_.size())) {
    failed_ = true;
    return;
  }
  base_ = static_cast<std::size_t>(to);
  at_ = Reader(expression_.subspan(base_));
}

}  // namespace

std::optional<std::uint64_t> evaluate(Bytes expression, std::optional<std::uint64_t> cfa,
                                      const FrameRegisters& registers, std::uint64_t bias,
                                      const StackWindow& stack) {
  Evaluation evaluation(expression, registers, bias, stack);
  if (cfa) evaluation.push(*cfa);
  return evaluation.run();
}

}  // namespace sonde::unwind
