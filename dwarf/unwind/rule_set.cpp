#include "unwind/rule_set.hpp"

#include <cstring>

#include "sonde/base/limits.hpp"

namespace sonde::unwind {

namespace {

constexpr auto rip = static_cast<std::size_t>(arch::Register::rip);
constexpr std::uint8_t not_saved = 0xff;

// For each register its place in Rule::saved.
constexpr auto saved_slots = [] {
  std::array<std::uint8_t, arch::register_count> slots{};
  slots.fill(not_saved);
  for (std::size_t i = 0; i < saved_registers.size(); ++i) {
    slots[static_cast<std::size_t>(saved_registers[i])] = static_cast<std::uint8_t>(i);
  }
  return slots;
}();

constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15u;  // As Fibonacci hashing has it.

// A factor for each of Rule::saved. Their products are added up as they change, one at a time: to read them
// all anew for each rule would take longer than all else.
constexpr auto factors = [] {
  std::array<std::uint64_t, saved_registers.size()> made{};
  std::uint64_t factor = golden_ratio;
  for (std::uint64_t& next : made) next = factor = std::rotl(factor, 23) * golden_ratio | 1;
  return made;
}();

bool is_near(std::int16_t place) { return place >= -8 && place <= -1; }

}  // namespace

void State::clear(std::size_t column) {
  irregular_ &= ~(1u << column);
  if (const std::uint8_t slot = saved_slots[column]; slot != not_saved) {
    rule_.saved_mask &= static_cast<std::uint8_t>(~(1u << slot));
    far_mask_ &= static_cast<std::uint8_t>(~(1u << slot));
    place(slot, 0);
  }
  if (column == rip) rule_.flags &= static_cast<std::uint8_t>(~Rule::outermost);
}

void State::place(std::size_t slot, std::int16_t at) {
  sum_ += static_cast<std::uint64_t>(at - rule_.saved[slot]) * factors[slot];
  rule_.saved[slot] = at;
}

void State::save(std::size_t slot, std::int16_t at) {
  rule_.saved_mask |= static_cast<std::uint8_t>(1u << slot);
  if (!is_near(at)) far_mask_ |= static_cast<std::uint8_t>(1u << slot);
  place(slot, at);
}

void State::set(std::uint64_t column, How how, std::int32_t value, std::uint16_t expression_bytes) {
  if (column >= arch::register_count) return;
  clear(column);
  const std::uint8_t slot = saved_slots[column];
  if (column == rip && (how == How::undefined || how == How::same)) {
    rule_.flags |= Rule::outermost;
  } else if (how == How::saved_at && slot != not_saved && value % 8 == 0 &&
             value / 8 == static_cast<std::int16_t>(value / 8)) {
    save(slot, static_cast<std::int16_t>(value / 8));
  } else {
    irregular_ |= 1u << column;
    recoveries_[column] = {static_cast<std::uint8_t>(column), how, expression_bytes, value};
  }
}

void State::restore(std::uint64_t column, const State& from) {
  if (column >= arch::register_count) return;
  clear(column);
  if (const std::uint8_t slot = saved_slots[column]; slot != not_saved) {
    if ((from.rule_.saved_mask & 1u << slot) != 0) save(slot, from.rule_.saved[slot]);
  }
  if (column == rip) rule_.flags |= static_cast<std::uint8_t>(from.rule_.flags & Rule::outermost);
  irregular_ |= from.irregular_ & 1u << column;
  recoveries_[column] = from.recoveries_[column];
}

void State::set_cfa(std::uint8_t reg, std::int32_t offset) {
  irregular_ &= ~(1u << cfa_slot);
  rule_.cfa_kind = CfaKind::register_based;
  rule_.cfa_register = reg;
  rule_.cfa_offset = offset;
}

void State::set_cfa_plt(std::int32_t threshold) {
  set_cfa(static_cast<std::uint8_t>(arch::Register::rsp), threshold);
  rule_.cfa_kind = CfaKind::plt;
}

void State::set_cfa_expression(std::int32_t place, std::uint16_t bytes) {
  set_cfa(0, 0);
  rule_.cfa_kind = CfaKind::expression;
  irregular_ |= 1u << cfa_slot;
  recoveries_[cfa_slot] = {cfa_column, How::is_expression, bytes, place};
}

std::uint64_t State::hash(std::uint8_t flags) const {
  const auto small = std::uint64_t{static_cast<std::uint32_t>(rule_.cfa_offset)} << 32 |
                     std::uint64_t{rule_.saved_mask} << 24 | std::uint64_t{rule_.cfa_register} << 16 |
                     static_cast<std::uint64_t>(rule_.cfa_kind) << 8 | flags;
  return ((sum_ ^ small * golden_ratio) * golden_ratio) >> 32;
}

std::uint8_t State::flags(bool signal_frame) const {
  constexpr auto rip_bit = static_cast<std::uint8_t>(1u << saved_slots[rip]);
  std::uint8_t flags = rule_.flags;
  // A return address that nothing is said about is as lost as one that is said to be.
  if ((rule_.saved_mask & rip_bit) == 0 && (irregular_ & 1u << rip) == 0) flags |= Rule::outermost;
  if (signal_frame) flags |= Rule::signal_frame;
  if (far_mask_ == 0) flags |= Rule::near;
  return flags;
}

RuleSet::RuleSet() : rules_(1), hashes_(1), slots_(1024) {}  // Rule 0 says nothing, and is never looked for.

std::uint16_t RuleSet::intern(const State& state, bool signal_frame) {
  if (state.rule_.cfa_kind == CfaKind::none) return none;
  const std::uint8_t flags = state.flags(signal_frame);
  const std::uint64_t hash = state.hash(flags);
  const List list = state.irregular_ != 0 ? list_of(state) : List{};
  std::size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    if (is(rules_[slots_[slot] - 1], state.rule_, flags, list)) {
      return static_cast<std::uint16_t>(slots_[slot] - 1);
    }
  }
  if (rules_.size() >= limits::cfi_rules) {
    ++losses_;
    return none;
  }
  Rule& rule = rules_.emplace_back(state.rule_);
  rule.flags = flags;
  rule.first_recovery = list.first;
  rule.recoveries = list.count;
  hashes_.push_back(hash);
  slots_[slot] = static_cast<std::uint32_t>(rules_.size());
  if (rules_.size() * 2 > slots_.size()) grow();
  return static_cast<std::uint16_t>(rules_.size() - 1);
}

// Number by number: those of the state were written one by one just now, and the processor cannot read
// several of them at once before they have reached its cache.
bool RuleSet::is(const Rule& rule, const Rule& state, std::uint8_t flags, List list) {
  if (rule.cfa_offset != state.cfa_offset || rule.saved_mask != state.saved_mask ||
      rule.cfa_register != state.cfa_register || rule.cfa_kind != state.cfa_kind || rule.flags != flags ||
      rule.first_recovery != list.first || rule.recoveries != list.count) {
    return false;
  }
  for (std::size_t i = 0; i < rule.saved.size(); ++i) {
    if (rule.saved[i] != state.saved[i]) return false;
  }
  return true;
}

RuleSet::List RuleSet::list_of(const State& state) {
  std::array<Recovery, arch::register_count + 1> list;
  std::size_t count = 0;
  for (std::uint32_t left = state.irregular_; left != 0; left &= left - 1) {
    list[count++] = state.recoveries_[static_cast<std::size_t>(std::countr_zero(left))];
  }
  const std::string key(reinterpret_cast<const char*>(list.data()), count * sizeof list[0]);
  const auto [found, is_new] =
      recovery_lists_.try_emplace(key, static_cast<std::uint32_t>(recoveries_.size()));
  if (is_new)
    recoveries_.insert(recoveries_.end(), list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count));
  return {found->second, static_cast<std::uint8_t>(count)};
}

void RuleSet::grow() {
  slots_.assign(slots_.size() * 2, 0);
  for (std::size_t i = 1; i < rules_.size(); ++i) {
    std::size_t slot = hashes_[i] & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

std::optional<std::int32_t> RuleSet::intern_expression(Bytes expression) {
  const std::string key(reinterpret_cast<const char*>(expression.data()), expression.size());
  const auto known = expression_places_.find(key);
  if (known != expression_places_.end()) return known->second;
  if (expressions_.size() + key.size() > limits::cfi_expressions_bytes) return std::nullopt;
  const auto place = static_cast<std::int32_t>(expressions_.size());
  expression_places_.emplace(key, place);
  expressions_ += key;
  return place;
}

}  // namespace sonde::unwind
