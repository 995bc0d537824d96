// What a match of an expression demands of one system call's argument registers: the tree that becomes BPF.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sonde/filter/typed.hpp"

namespace sonde::filter {

struct Condition {
  enum class Op : std::uint8_t { never, always, any_of, all_of, intervals, bits };

  Op op = Op::never;
  std::vector<Condition> parts;  // any_of, all_of: two or more, none of them never or always.

  // A test of one register's low `width` bits.
  std::uint8_t reg = 0;
  std::uint8_t width = 64;
  bool negated = false;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> intervals;  // Sorted and disjoint, both ends included.
  std::uint64_t mask = 0;                                          // bits: (register & mask) == value
  std::uint64_t value = 0;

  bool operator==(const Condition&) const = default;
  // About as many instructions as it compiles to.
  std::size_t cost() const;
};

// Beyond this cost a condition is given up for `always`.
inline constexpr std::size_t max_condition_cost = 1024;

Condition always();
Condition never();
Condition any_of(std::vector<Condition> parts);
Condition all_of(std::vector<Condition> parts);

// A system call as the specialisation sees it.
struct CallShape {
  Abi abi;
  std::optional<std::uint32_t> nr;  // Empty stands for every number beyond the table.
  const syscall::Row* row;
};

// The calls for which `node` can come out yes (or no, when `wanted` is false): never too few. Of what only
// the console can tell, both are possible; what a call does not have makes neither.
Condition possible(const Node& node, bool wanted, const CallShape& call);

// Whether the kernel can decide the field as exactly as the console does.
bool decided_in_kernel(Field field);
// Whether no system call has the field.
bool foreign_to_calls(Field field);

}  // namespace sonde::filter
