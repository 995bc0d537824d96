// Running programs of call frame information: from an entry's instructions to rows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sonde/base/limits.hpp"
#include "unwind/entries.hpp"
#include "unwind/rule_set.hpp"

namespace sonde::unwind {

// The rows of many functions, each function's in order: from pcs[i] on, counted from its function's begin,
// rules[i] holds.
struct Rows {
  std::vector<std::uint32_t> pcs;
  std::vector<std::uint16_t> rules;

  std::size_t size() const { return pcs.size(); }
  void add(std::uint32_t pc, std::uint16_t rule) {
    pcs.push_back(pc);
    rules.push_back(rule);
  }
};

// Runs the programs of one section, one after the other.
class Interpreter {
 public:
  Interpreter(const Entries& entries, RuleSet& rules) : entries_(entries), rules_(rules) {}

  // What each program of a CIE's FDEs begins with: the state that the CIE's own instructions leave. Empty
  // when they are wrong, or move on as only an FDE's may.
  std::optional<State> initial_state(const Cie& cie);

  // Runs an FDE's program and appends its rows, the first at 0. False when an instruction is wrong: from its
  // address on RuleSet::none holds. The function must not be longer than 4 GiB.
  bool run(const Cie& cie, const State& initial, const Fde& fde, Rows& rows);

 private:
  bool instructions(Bytes bytes);
  bool with_operand(std::uint8_t code, Reader& at);
  bool extended(std::uint8_t code, Reader& at);
  bool saving(std::uint8_t code, Reader& at);
  bool cfa(std::uint8_t code, Reader& at);
  bool advance(std::uint64_t by);
  bool advance_to(std::uint64_t location);
  bool set(std::uint64_t number, How how, std::int64_t value);
  bool set_expression(std::uint64_t number, How how, Bytes expression);
  bool set_cfa(std::uint64_t reg, std::int64_t offset);
  bool set_cfa_expression(Bytes expression);
  std::int64_t factored(std::uint64_t value) const;
  std::int64_t factored(std::int64_t value) const { return factored(static_cast<std::uint64_t>(value)); }
  std::uint64_t column(std::uint64_t number) const;

  const Entries& entries_;
  RuleSet& rules_;
  std::array<State, limits::cfi_remembered_states> remembered_;

  // Of the program that runs.
  const Cie* cie_ = nullptr;
  const State* initial_ = nullptr;
  State state_;
  std::size_t remembered_count_ = 0;
  std::uint64_t begin_ = 0;
  std::uint64_t location_ = 0;
  std::uint64_t end_ = 0;
  Rows* rows_ = nullptr;  // Null while a CIE's instructions run.
};

}  // namespace sonde::unwind
