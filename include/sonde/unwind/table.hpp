// Unwind tables: for each address of a module's code, how to get from a function's frame to its caller's. A
// table is one flat block of bytes without pointers, so that it can lie in a sealed memfd and be shared
// between processes.
//
// What the rules mean is DWARF 5, section 6.4 (call frame information) and the psABI's section 3.6
// (unwinding).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sonde/arch/registers.hpp"
#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"

namespace sonde::unwind {

// Where a frame's canonical frame address (CFA: the stack pointer before the call) comes from.
enum class CfaKind : std::uint8_t {
  none,            // No information here.
  register_based,  // cfa_register + cfa_offset.
  plt,             // rsp + 8, and 8 more where pc % 16 >= cfa_offset: a procedure linkage table's entries.
  expression,      // The Recovery of cfa_column.
};

// How a caller's register is found.
enum class How : std::uint8_t {
  undefined,            // It is lost.
  same,                 // It was not changed.
  saved_at,             // In memory at CFA + value.
  is,                   // It is CFA + value.
  in_register,          // In the frame's register of number `value`.
  saved_at_expression,  // In memory where the expression says.
  is_expression,        // What the expression says.
};

inline constexpr std::uint8_t cfa_column = 0xff;

// One register's recovery, where the compact form of a Rule cannot say it.
struct Recovery {
  std::uint8_t column = 0;  // The register by its DWARF number, or cfa_column.
  How how = How::undefined;
  std::uint16_t expression_bytes = 0;
  std::int32_t value = 0;  // Bytes, or a register's number, or where the expression begins among the table's.

  bool operator==(const Recovery&) const = default;
};

// The registers that nearly all rules are about: the callee-saved ones, and the return address.
inline constexpr std::array saved_registers = {
    arch::Register::rbx, arch::Register::rbp, arch::Register::r12, arch::Register::r13,
    arch::Register::r14, arch::Register::r15, arch::Register::rip,
};

// All that is to know at an address. Registers that neither `saved` nor a Recovery names are unchanged if the
// psABI makes functions preserve them, and lost otherwise; the caller's rsp is the CFA.
struct Rule {
  static constexpr std::uint8_t signal_frame = 1;  // The caller was interrupted: its pc is no return address.
  static constexpr std::uint8_t outermost = 2;     // There is no caller.
  static constexpr std::uint8_t near = 4;          // All of `saved` is in the eight words below the CFA.

  std::int32_t cfa_offset = 0;
  std::uint32_t first_recovery = 0;
  std::array<std::int16_t, saved_registers.size()>
      saved{};  // At CFA + 8 * saved[i], where saved_mask has bit i.
  std::uint8_t saved_mask = 0;
  std::uint8_t cfa_register = 0;
  CfaKind cfa_kind = CfaKind::none;
  std::uint8_t flags = 0;
  std::uint8_t recoveries = 0;
  std::uint8_t zero = 0;

  bool operator==(const Rule&) const = default;
  // Whether `near` is true of it.
  bool saves_near() const;
};
static_assert(sizeof(Rule) == 28 && std::has_unique_object_representations_v<Rule>);

// A table, looked at where it lies. Whoever makes the view keeps the bytes alive, and unchanged (a sealed
// memfd, or memory of our own): they are checked once, in over(), and then trusted.
class TableView {
 public:
  // No information about any address.
  TableView() = default;

  // Checks all of a table that somebody else has built. Linear in its size; fails (invalid) unless every
  // index in it is in range, so that looking up is safe whatever the bytes are. The bytes must begin at a
  // multiple of 8.
  static Result<TableView> over(Bytes bytes);

  // The rule at an address as the module's file has it (an address of the process less the module's bias), or
  // null where there is no information.
  const Rule* find(std::uint64_t address) const {
    const std::uint64_t offset = address - base_;
    if (offset >= span_) return nullptr;
    const std::uint64_t bucket = offset >> bucket_shift_;
    // The first row after the offset. Buckets are short, but for those of sparse code.
    std::uint32_t row = buckets_[bucket];
    std::uint32_t end = buckets_[bucket + 1];
    while (end - row > 16) {
      const std::uint32_t middle = row + (end - row) / 2;
      (pcs_[middle] <= offset ? row : end) = pcs_[middle] <= offset ? middle + 1 : middle;
    }
    while (row < end && pcs_[row] <= offset) ++row;
    if (row == 0) return nullptr;
    const Rule& rule = rules_[row_rules_[row - 1]];
    return rule.cfa_kind == CfaKind::none ? nullptr : &rule;
  }

  std::span<const Recovery> recoveries(const Rule& rule) const {
    return {recoveries_ + rule.first_recovery, rule.recoveries};
  }
  Bytes expression(const Recovery& recovery) const {
    return {expressions_ + recovery.value, recovery.expression_bytes};
  }

  std::size_t row_count() const { return row_count_; }
  std::size_t rule_count() const { return rule_count_; }

  // The addresses that rows are about, for whoever compares or prints tables: row i holds from row_address(i)
  // to the next one's.
  std::uint64_t row_address(std::size_t row) const { return base_ + pcs_[row]; }
  std::uint64_t end_address() const { return base_ + span_; }

 private:
  std::uint64_t base_ = 0;
  std::uint64_t span_ = 0;
  std::uint32_t bucket_shift_ = 0;
  std::uint32_t row_count_ = 0;
  std::uint32_t rule_count_ = 0;
  const std::uint32_t* buckets_ =
      nullptr;  // The first row at or after each bucket's begin; one more than buckets.
  const std::uint32_t* pcs_ = nullptr;
  const std::uint16_t* row_rules_ = nullptr;
  const Rule* rules_ = nullptr;
  const Recovery* recoveries_ = nullptr;
  const std::byte* expressions_ = nullptr;
};

// A table that owns its bytes.
class Table {
 public:
  // Takes a table's bytes over, as build() lays them out; invalid ones fail as with TableView::over().
  static Result<Table> from(std::vector<std::uint64_t> words);

  const TableView& view() const { return view_; }
  // What can be copied elsewhere and viewed there.
  Bytes bytes() const { return std::as_bytes(std::span(words_)); }

 private:
  Table(std::vector<std::uint64_t> words, const TableView& view) : words_(std::move(words)), view_(view) {}

  std::vector<std::uint64_t> words_;  // The view stays valid when it moves: the words stay where they are.
  TableView view_;
};

}  // namespace sonde::unwind
