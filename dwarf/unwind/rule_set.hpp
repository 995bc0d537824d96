// The different rules of a table: a program of call frame information makes states, a table has few of them.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sonde/unwind/table.hpp"

namespace sonde::unwind {

// What holds at one address while a program runs: a rule that has not been shared yet.
class State {
 public:
  // `value` in bytes from the CFA, or a register's number, or an expression's place, as `how` asks for.
  // Columns of registers that are not tracked are ignored.
  void set(std::uint64_t column, How how, std::int32_t value = 0, std::uint16_t expression_bytes = 0);
  // Takes the column's rule over from another state.
  void restore(std::uint64_t column, const State& from);

  void set_cfa(std::uint8_t reg, std::int32_t offset);
  void set_cfa_plt(std::int32_t threshold);
  void set_cfa_expression(std::int32_t place, std::uint16_t bytes);

  CfaKind cfa_kind() const { return rule_.cfa_kind; }
  std::uint8_t cfa_register() const { return rule_.cfa_register; }
  std::int32_t cfa_offset() const { return rule_.cfa_offset; }

 private:
  friend class RuleSet;

  static constexpr std::size_t cfa_slot = arch::register_count;

  void clear(std::size_t column);
  void save(std::size_t slot, std::int16_t at);
  void place(std::size_t slot, std::int16_t at);
  std::uint8_t flags(bool signal_frame) const;
  std::uint64_t hash(std::uint8_t flags) const;

  Rule rule_;                  // All but its recoveries, and of its flags only `outermost`.
  std::uint64_t sum_ = 0;      // Of rule_.saved, each with a factor of its own.
  std::uint8_t far_mask_ = 0;  // Those of rule_.saved that are not near (Rule::near).
  std::uint32_t irregular_ = 0;
  std::array<Recovery, arch::register_count + 1> recoveries_{};  // Those whose bit is set in irregular_.
};

class RuleSet {
 public:
  static constexpr std::uint16_t none = 0;  // No information.
  // Before a function has done anything, and after it has undone it: the return address is on top of the
  // stack.
  static constexpr Rule at_entry = {.cfa_offset = 8,
                                    .saved = {0, 0, 0, 0, 0, 0, -1},
                                    .saved_mask = 1u << 6,
                                    .cfa_register = static_cast<std::uint8_t>(arch::Register::rsp),
                                    .cfa_kind = CfaKind::register_based,
                                    .flags = Rule::near};

  RuleSet();

  // The number of the rule that `state` stands for; `none`, and a loss, when it would be one too many.
  std::uint16_t intern(const State& state, bool signal_frame);

  // Where a copy of the expression lies among the table's; equal ones share theirs. Empty beyond
  // limits::cfi_expressions_bytes.
  std::optional<std::int32_t> intern_expression(Bytes expression);

  const std::vector<Rule>& rules() const { return rules_; }
  const std::vector<Recovery>& recoveries() const { return recoveries_; }
  Bytes expressions() const { return std::as_bytes(std::span(expressions_)); }
  std::size_t losses() const { return losses_; }

 private:
  // A rule's recoveries.
  struct List {
    std::uint32_t first = 0;
    std::uint8_t count = 0;
  };

  List list_of(const State& state);
  static bool is(const Rule& rule, const Rule& state, std::uint8_t flags, List list);
  void grow();

  std::vector<Rule> rules_;
  std::vector<std::uint64_t> hashes_;  // Of each rule; recoveries are not in it.
  std::vector<std::uint32_t> slots_;   // A hash table of indices into rules_, plus one; linear probing.
  std::vector<Recovery> recoveries_;
  std::unordered_map<std::string, std::uint32_t> recovery_lists_;  // The bytes of a list -> its first index.
  std::string expressions_;
  std::unordered_map<std::string, std::int32_t> expression_places_;
  std::size_t losses_ = 0;
};

}  // namespace sonde::unwind
