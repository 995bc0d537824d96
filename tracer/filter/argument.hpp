// How filters read a call's registers, by the kinds of its row. Evaluation and pushdown both ask here, so
// that they agree.
#pragma once

#include <cstdint>
#include <optional>

#include "sonde/filter/evaluate.hpp"
#include "sonde/syscall/table.hpp"

namespace sonde::filter {

struct ArgumentType {
  std::uint8_t width;  // Bits that the kernel looks at: 32 or 64.
  bool is_signed;
};

// Everything is 32 bits wide for i386.
ArgumentType argument_type(Abi abi, syscall::Kind kind);

// Which call the row's name is that of: the call itself, but for variants that go by another name (i386's
// socketcall, which may be connect).
SyscallNumber named_call(Abi abi, std::uint32_t nr, const syscall::Row& row);

// The bits of `kind` that a call has: syscall, and mapping where it is one of those that change what memory a
// process has.
std::uint32_t event_kinds(const syscall::Row& row);

bool is_descriptor(syscall::Kind kind);
bool is_path(syscall::Kind kind);
// The set of flags that arguments of the kind print from, or nullptr.
const syscall::ConstantSet* flag_set(syscall::Kind kind);

// The argument in register `reg`, or nullptr when the call does not use it.
const syscall::Argument* argument_in(const syscall::Row& row, unsigned reg);

// 0 for arg0 ... 5 for arg5.
std::optional<unsigned> register_of(Field field);

// Calls visit(const syscall::Argument&) for each argument.
template <typename Visit>
void each_argument(const syscall::Row& row, Visit visit) {
  for (std::size_t i = 0; i < row.argument_count && i < row.arguments.size(); ++i) {
    if (row.arguments[i].reg < syscall::max_arguments) visit(row.arguments[i]);
  }
}

}  // namespace sonde::filter
