#include "sonde/unwind/walk.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "unwind/constants.hpp"
#include "unwind/expression.hpp"
#include "unwind/walker.hpp"

namespace sonde::unwind {

namespace {

constexpr std::uint64_t red_zone =
    128;  // Bytes below rsp that a leaf function may use (psABI, section 3.2.2).
constexpr auto rsp = static_cast<std::size_t>(Register::rsp);
constexpr auto rip = static_cast<std::size_t>(Register::rip);
constexpr std::byte relative_to_rbp{dw_op_breg0 + static_cast<std::uint8_t>(Register::rbp)};

constexpr std::uint32_t all_registers = (1u << arch::register_count) - 1;
constexpr std::uint32_t pc_and_sp = bit_of(Register::rip) | bit_of(Register::rsp);

// For each Rule::saved_mask the registers that it stands for.
constexpr auto known_by_mask = [] {
  std::array<std::uint32_t, 1u << saved_registers.size()> known{};
  for (std::size_t mask = 0; mask < known.size(); ++mask) {
    for (std::size_t i = 0; i < saved_registers.size(); ++i) {
      if ((mask >> i & 1) != 0) known[mask] |= bit_of(saved_registers[i]);
    }
  }
  return known;
}();

}  // namespace

const char* name_of(End end) {
  switch (end) {
    case End::complete:
      return "complete";
    case End::depth_limit:
      return "depth limit";
    case End::unreadable_memory:
      return "unreadable memory";
    case End::no_information:
      return "no unwind information";
    case End::no_progress:
      return "no progress";
    case End::bad_cfa:
      return "bad frame address";
  }
  return "";
}

std::uint32_t ModuleIndex::search(std::uint64_t address) {
  const auto above = std::upper_bound(modules_.begin(), modules_.end(), address,
                                      [](std::uint64_t a, const Module& m) { return a < m.begin.value; });
  if (above == modules_.begin() || !contains(*(above - 1), address)) return no_module;
  last_ = static_cast<std::uint32_t>(above - modules_.begin() - 1);
  return last_;
}

Walker::Walker(const arch::Registers& registers, std::uint32_t known, std::span<const Module> modules,
               StackWindow& stack, Address reach)
    : modules_(modules),
      stack_(stack),
      registers_{registers.general, known},
      knows_all_(known == all_registers),
      cfa_(registers.sp().value) {
  if (!stack_.open(cfa_ - red_zone, reach.value)) stack_.open(cfa_, reach.value);
}

inline bool Walker::needs_stack_alone(const Rule& rule) const {
  return rule.recoveries == 0 && rule.cfa_kind == CfaKind::register_based &&
         registers_.has(rule.cfa_register);
}

End Walker::lack() {
  lacks_registers_ = true;
  return End::no_information;
}

// An optional would go through memory here, and take a quarter of the walk's time.
inline bool Walker::cfa_of(const Rule& rule, const Module& module, std::uint64_t& cfa) const {
  if (rule.cfa_kind == CfaKind::register_based) {
    cfa = registers_.value[rule.cfa_register] + static_cast<std::uint64_t>(std::int64_t{rule.cfa_offset});
    return registers_.has(rule.cfa_register);
  }
  const auto unusual = unusual_cfa_of(rule, module);
  cfa = unusual.value_or(0);
  return unusual.has_value();
}

std::optional<std::uint64_t> Walker::unusual_cfa_of(const Rule& rule, const Module& module) const {
  if (rule.cfa_kind == CfaKind::plt) {
    const bool pushed = std::cmp_greater_equal(registers_[Register::rip] & 15, rule.cfa_offset);
    return registers_[Register::rsp] + (pushed ? 16 : 8);
  }
  for (const Recovery& recovery : module.table->recoveries(rule)) {
    if (recovery.column != cfa_column || recovery.how != How::is_expression) continue;
    return evaluate(module.table->expression(recovery), std::nullopt, registers_, module.bias, stack_);
  }
  return std::nullopt;
}

inline bool Walker::progresses(std::uint64_t cfa, bool signal_frame) {
  // A handler may run on a stack of its own, above or below what it interrupted; so may a coroutine, at its
  // end.
  // Where the return address is taken off the stack but not yet jumped to, an exact frame takes no room.
  const bool up = cfa > cfa_ || (exact_ && cfa == cfa_);
  if (!up && !signal_frame && (cfa == cfa_ || switches_left_-- == 0)) return false;
  cfa_ = cfa;
  return true;
}

// The registers that the compact form names; `near` is where the words below the CFA end, if they are at
// hand.
inline void Walker::recover_saved(const Rule& rule, std::uint64_t cfa, const std::byte* near) {
  registers_.known = (registers_.known & callee_saved) | known_by_mask[rule.saved_mask];
  const bool all_near = near != nullptr && (rule.flags & Rule::near) != 0;
  for (std::uint32_t left = rule.saved_mask; left != 0; left &= left - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(left));
    const auto number = static_cast<std::size_t>(saved_registers[i]);
    const std::ptrdiff_t offset = std::ptrdiff_t{rule.saved[i]} * 8;
    if (all_near) {
      std::memcpy(&registers_.value[number], near + offset, sizeof(std::uint64_t));
    } else if (!stack_.word(cfa + static_cast<std::uint64_t>(offset), registers_.value[number])) {
      registers_.lose(number);
    }
  }
  registers_.set(rsp, cfa);
}

// The caller's registers. What is not known any more is marked so; only the return address must be there.
inline std::optional<End> Walker::recover(const Rule& rule, const Module& module, std::uint64_t cfa) {
  const std::byte* const near = stack_.cover(cfa);
  if (rule.recoveries == 0) {
    recover_saved(rule, cfa, near);
  } else {
    const FrameRegisters before = registers_;
    recover_saved(rule, cfa, near);
    recover_irregular(rule, module, cfa, before);
  }
  if (!registers_.has(rip)) return End::unreadable_memory;
  return std::nullopt;
}

void Walker::recover_irregular(const Rule& rule, const Module& module, std::uint64_t cfa,
                               const FrameRegisters& before) {
  for (const Recovery& recovery : module.table->recoveries(rule)) {
    if (recovery.column == cfa_column) continue;
    const bool signal_frame = (rule.flags & Rule::signal_frame) != 0;
    if (!signal_frame && is_restored(recovery, module, cfa, before)) continue;
    if (const auto value = recovered(recovery, module, cfa, before)) {
      registers_.set(recovery.column, *value);
    } else {
      registers_.lose(recovery.column);
    }
  }
}

// gcc says of a frame that it has realigned that rbp is saved where rbp points to, and the others near it, up
// to the function's end; but there they have been popped, and rbp is the caller's. A place that is not in
// this frame tells: then the register has the caller's value already.
bool Walker::is_restored(const Recovery& recovery, const Module& module, std::uint64_t cfa,
                         const FrameRegisters& before) const {
  if (recovery.how != How::saved_at_expression || (callee_saved & 1u << recovery.column) == 0) return false;
  const Bytes expression = module.table->expression(recovery);
  if (expression.empty() || expression.front() != relative_to_rbp) return false;
  const auto place = evaluate(expression, cfa, before, module.bias, stack_);
  return place && *place >= cfa;
}

std::optional<std::uint64_t> Walker::recovered(const Recovery& recovery, const Module& module,
                                               std::uint64_t cfa, const FrameRegisters& before) const {
  const std::uint64_t at_offset = cfa + static_cast<std::uint64_t>(std::int64_t{recovery.value});
  const auto load = [&](std::uint64_t address) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    return stack_.word(address, value) ? std::optional(value) : std::nullopt;
  };
  switch (recovery.how) {
    case How::undefined:
      return std::nullopt;
    case How::same:
      if (!before.has(recovery.column)) return std::nullopt;
      return before.value[recovery.column];
    case How::saved_at:
      return load(at_offset);
    case How::is:
      return at_offset;
    case How::in_register:
      if (!before.has(static_cast<std::size_t>(recovery.value))) return std::nullopt;
      return before.value[static_cast<std::size_t>(recovery.value)];
    case How::saved_at_expression:
    case How::is_expression: {
      const auto value = evaluate(module.table->expression(recovery), cfa, before, module.bias, stack_);
      if (!value || recovery.how == How::is_expression) return value;
      return load(*value);
    }
  }
  return std::nullopt;
}

inline std::optional<End> Walker::by_rule(const Rule& rule, const Module& module) {
  if ((rule.flags & Rule::outermost) != 0) return End::complete;
  if (!knows_all_ && !needs_stack_alone(rule)) return lack();
  std::uint64_t cfa = 0;
  if (!cfa_of(rule, module, cfa)) return End::bad_cfa;
  const bool signal_frame = (rule.flags & Rule::signal_frame) != 0;
  if (!progresses(cfa, signal_frame)) return End::no_progress;
  if (const auto end = recover(rule, module, cfa)) return end;
  found_ = Found::cfi;
  exact_ = signal_frame;
  // Threads and coroutines begin with a return address of 0 where nothing else marks the outermost frame.
  if (registers_[Register::rip] == 0) return End::complete;
  return std::nullopt;
}

inline std::optional<End> Walker::step(std::uint32_t index) {
  if (index != no_module) {
    const Module& module = modules_[index];
    const std::uint64_t pc = registers_[Register::rip];
    const Rule* rule =
        module.table != nullptr ? module.table->find((exact_ ? pc : pc - 1) - module.bias) : nullptr;
    if (rule != nullptr) return by_rule(*rule, module);
  }
  return knows_all_ ? without_information(index) : lack();
}

Walk Walker::run(std::span<Frame> into) {
  const std::size_t limit = std::min(into.size(), limits::unwind_frames);
  for (std::size_t count = 0; count < limit;) {
    const std::uint64_t pc = registers_[Register::rip];
    const std::uint32_t module = modules_.find(exact_ ? pc : pc - 1);
    into[count++] = {{pc}, module, found_, exact_};
    if (const auto end = step(module)) return {count, *end, {cfa_}};
  }
  return {limit, End::depth_limit, {cfa_}};
}

Walk walk(const Start& start, std::span<const Module> modules, const MemoryReader& memory,
          std::span<std::byte> window, std::span<Frame> into, Address reach) {
  StackWindow stack(memory, window);
  Walker walker(start.registers(), start.is_whole() ? all_registers : pc_and_sp, modules, stack, reach);
  const Walk walk = walker.run(into);
  if (!walker.lacks_registers()) return walk;
  const auto registers = start.whole();
  return registers ? Walker(*registers, all_registers, modules, stack, reach).run(into) : Walk{};
}

}  // namespace sonde::unwind
