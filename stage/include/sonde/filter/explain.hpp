// What an expression means, for `sonde filter EXPR`.
#pragma once

#include <string>

#include "sonde/filter/typed.hpp"

namespace sonde::filter {

// A few lines, each ended by a newline:
//
//   expression  syscall in [open, openat] && failed
//   kernel      syscall in [open, openat]
//               2 of 373 system calls on x86-64, 2 of 437 on i386; a BPF program of 25 instructions
//   console     failed
//
// The expression is in normal form. The kernel's line is the strongest condition on a call's number and
// registers that every match fulfils; the console's is what is left to decide where the kernel lets a call
// stop. A line `where` follows for each glob, class and regular expression, with the names that it stands
// for.
std::string explain(const TypedExpr& expr);

}  // namespace sonde::filter
