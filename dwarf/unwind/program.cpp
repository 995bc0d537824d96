#include "unwind/program.hpp"

#include <array>
#include <optional>

#include "unwind/constants.hpp"

namespace sonde::unwind {

namespace {

// The expression of a procedure linkage table's entries, as GNU ld and lld write it: rsp + 8, and 8 more
// where (pc & 15) >= threshold. Returns the threshold.
std::optional<std::int32_t> plt_threshold(Bytes expression) {
  constexpr std::array<std::uint8_t, 11> idiom = {
      dw_op_breg0 + 7, 8,         dw_op_breg0 + 16, 0, dw_op_lit0 + 15, dw_op_and, 0, dw_op_ge,
      dw_op_lit0 + 3,  dw_op_shl, dw_op_plus};
  constexpr std::size_t threshold_at = 6;
  if (expression.size() != idiom.size()) return std::nullopt;
  for (std::size_t i = 0; i < idiom.size(); ++i) {
    if (i != threshold_at && std::to_integer<std::uint8_t>(expression[i]) != idiom[i]) return std::nullopt;
  }
  const auto literal = std::to_integer<std::uint8_t>(expression[threshold_at]);
  if (literal < dw_op_lit0 || literal > dw_op_lit31) return std::nullopt;
  return literal - dw_op_lit0;
}

}  // namespace

std::optional<State> Interpreter::initial_state(const Cie& cie) {
  const State nothing;
  cie_ = &cie;
  initial_ = &nothing;
  state_ = nothing;
  remembered_count_ = 0;
  location_ = 0;
  end_ = 1;
  rows_ = nullptr;
  if (!instructions(cie.instructions)) return std::nullopt;
  return state_;
}

bool Interpreter::run(const Cie& cie, const State& initial, const Fde& fde, Rows& rows) {
  cie_ = &cie;
  initial_ = &initial;
  state_ = initial;
  remembered_count_ = 0;
  begin_ = location_ = fde.begin;
  end_ = fde.end;
  rows_ = &rows;
  const bool right = instructions(fde.instructions);
  if (location_ < end_) {
    const std::uint16_t rule = right ? rules_.intern(state_, cie.signal_frame) : RuleSet::none;
    rows.add(static_cast<std::uint32_t>(location_ - begin_), rule);
  }
  return right;
}

// Wraps around as unsigned numbers do; what does not fit is refused where it is used.
std::int64_t Interpreter::factored(std::uint64_t value) const {
  return static_cast<std::int64_t>(value * static_cast<std::uint64_t>(cie_->data_alignment));
}

// The return address may have any column; here it has that of rip.
std::uint64_t Interpreter::column(std::uint64_t number) const {
  return number == cie_->return_column ? static_cast<std::uint64_t>(arch::Register::rip) : number;
}

bool Interpreter::instructions(Bytes bytes) {
  Reader at(bytes);
  while (!at.at_end() && location_ < end_) {
    const std::uint8_t code = at.u8();
    const bool right = (code & 0xc0) != 0 ? with_operand(code, at) : extended(code, at);
    if (!right || !at.ok()) return false;
  }
  return true;
}

// The instructions whose first operand is in the low six bits.
bool Interpreter::with_operand(std::uint8_t code, Reader& at) {
  const std::uint64_t operand = code & 0x3f;
  switch (code & 0xc0) {
    case dw_cfa_advance_loc:
      return advance(operand);
    case dw_cfa_offset:
      return set(operand, How::saved_at, factored(at.uleb()));
    default:
      state_.restore(column(operand), *initial_);
      return true;
  }
}

bool Interpreter::extended(std::uint8_t code, Reader& at) {
  switch (code) {
    case dw_cfa_nop:
      return true;
    case dw_cfa_set_loc: {
      const auto location = entries_.pointer(at, cie_->pointer_encoding);
      return location && *location >= location_ && advance_to(*location);
    }
    case dw_cfa_advance_loc1:
      return advance(at.u8());
    case dw_cfa_advance_loc2:
      return advance(at.u16());
    case dw_cfa_advance_loc4:
      return advance(at.u32());
    case dw_cfa_mips_advance_loc8:
      return advance(at.u64());
    case dw_cfa_remember_state:
      if (remembered_count_ == remembered_.size()) return false;
      remembered_[remembered_count_++] = state_;
      return true;
    case dw_cfa_restore_state:
      if (remembered_count_ == 0) return false;
      state_ = remembered_[--remembered_count_];
      return true;
    case dw_cfa_gnu_args_size:
      at.uleb();
      return true;
    case dw_cfa_restore_extended:
      state_.restore(column(at.uleb()), *initial_);
      return true;
    case dw_cfa_undefined:
      return set(at.uleb(), How::undefined, 0);
    case dw_cfa_same_value:
      return set(at.uleb(), How::same, 0);
    default:
      break;
  }
  if (code >= dw_cfa_def_cfa && code <= dw_cfa_def_cfa_expression) return cfa(code, at);
  if (code == dw_cfa_def_cfa_sf || code == dw_cfa_def_cfa_offset_sf) return cfa(code, at);
  return saving(code, at);
}

// The instructions that say where a register is.
bool Interpreter::saving(std::uint8_t code, Reader& at) {
  const std::uint64_t reg = at.uleb();
  switch (code) {
    case dw_cfa_offset_extended:
      return set(reg, How::saved_at, factored(at.uleb()));
    case dw_cfa_offset_extended_sf:
      return set(reg, How::saved_at, factored(at.sleb()));
    case dw_cfa_gnu_negative_offset_extended:
      return set(reg, How::saved_at, factored(std::uint64_t{0} - at.uleb()));
    case dw_cfa_val_offset:
      return set(reg, How::is, factored(at.uleb()));
    case dw_cfa_val_offset_sf:
      return set(reg, How::is, factored(at.sleb()));
    case dw_cfa_register: {
      const std::uint64_t from = column(at.uleb());
      if (from >= arch::register_count) return set(reg, How::undefined, 0);
      return set(reg, How::in_register, static_cast<std::int64_t>(from));
    }
    case dw_cfa_expression:
      return set_expression(reg, How::saved_at_expression, at.bytes(at.uleb()));
    case dw_cfa_val_expression:
      return set_expression(reg, How::is_expression, at.bytes(at.uleb()));
    default:
      return false;
  }
}

bool Interpreter::cfa(std::uint8_t code, Reader& at) {
  switch (code) {
    case dw_cfa_def_cfa: {
      const std::uint64_t reg = at.uleb();
      return set_cfa(reg, static_cast<std::int64_t>(at.uleb()));
    }
    case dw_cfa_def_cfa_sf: {
      const std::uint64_t reg = at.uleb();
      return set_cfa(reg, factored(at.sleb()));
    }
    case dw_cfa_def_cfa_expression:
      return set_cfa_expression(at.bytes(at.uleb()));
    default:
      break;
  }
  // What changes one half of the CFA needs the other one.
  if (state_.cfa_kind() != CfaKind::register_based) return false;
  switch (code) {
    case dw_cfa_def_cfa_register:
      return set_cfa(at.uleb(), state_.cfa_offset());
    case dw_cfa_def_cfa_offset:
      return set_cfa(state_.cfa_register(), static_cast<std::int64_t>(at.uleb()));
    case dw_cfa_def_cfa_offset_sf:
      return set_cfa(state_.cfa_register(), factored(at.sleb()));
    default:
      return false;
  }
}

bool Interpreter::advance(std::uint64_t by) {
  std::uint64_t distance = 0;
  std::uint64_t location = 0;
  if (__builtin_mul_overflow(by, cie_->code_alignment, &distance) ||
      __builtin_add_overflow(location_, distance, &location)) {
    return false;
  }
  return advance_to(location);
}

bool Interpreter::advance_to(std::uint64_t location) {
  if (rows_ == nullptr) return false;
  if (location == location_) return true;
  rows_->add(static_cast<std::uint32_t>(location_ - begin_), rules_.intern(state_, cie_->signal_frame));
  location_ = location;
  return true;
}

bool Interpreter::set(std::uint64_t number, How how, std::int64_t value) {
  if (value != static_cast<std::int32_t>(value)) return false;
  state_.set(column(number), how, static_cast<std::int32_t>(value));
  return true;
}

bool Interpreter::set_expression(std::uint64_t number, How how, Bytes expression) {
  if (expression.size() > limits::cfi_expression_bytes) return false;
  if (column(number) >= arch::register_count) return true;
  const auto place = rules_.intern_expression(expression);
  if (place) state_.set(column(number), how, *place, static_cast<std::uint16_t>(expression.size()));
  return place.has_value();
}

bool Interpreter::set_cfa(std::uint64_t reg, std::int64_t offset) {
  if (reg >= arch::register_count || offset != static_cast<std::int32_t>(offset)) return false;
  state_.set_cfa(static_cast<std::uint8_t>(reg), static_cast<std::int32_t>(offset));
  return true;
}

bool Interpreter::set_cfa_expression(Bytes expression) {
  if (expression.size() > limits::cfi_expression_bytes) return false;
  if (const auto threshold = plt_threshold(expression)) {
    state_.set_cfa_plt(*threshold);
    return true;
  }
  const auto place = rules_.intern_expression(expression);
  if (place) state_.set_cfa_expression(*place, static_cast<std::uint16_t>(expression.size()));
  return place.has_value();
}

}  // namespace sonde::unwind
