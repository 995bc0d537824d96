// An expression as a seccomp-BPF program: calls that cannot match run at full speed, all others stop for the
// tracer.
//
// The program over-approximates: it returns SECCOMP_RET_TRACE for each call whose registers leave a match
// possible, SECCOMP_RET_ALLOW for the rest; what it lets through is still evaluated. Only system calls are
// its business: other events never meet it.
#pragma once

#include <cstdint>
#include <linux/filter.h>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sonde/filter/typed.hpp"

namespace sonde::filter {

// A call that must stop whatever the expression says.
struct AlwaysTrace {
  std::string_view name;                        // By its name in either table; an unknown one is ignored.
  std::optional<std::uint32_t> argument0 = {};  // When set, only with this in the low 32 bits of argument 0.
  std::uint32_t argument2_bits = 0;             // When not 0, only with these bits in argument 2.
};

// What a tracer needs for its own bookkeeping: execs, a filter of the tracee's own (seccomp,
// prctl(PR_SET_SECCOMP)), and clone3, whose flags lie in memory. clone() with CLONE_UNTRACED in its flags is
// always traced and not listed: where the flag must be cleared.
std::span<const AlwaysTrace> default_always_trace();

// The same, and the calls that change where code is mapped: for stacks.
std::span<const AlwaysTrace> always_trace_for_stacks();

// How many of a table's calls can stop at all, the always traced ones not counted.
struct Reach {
  unsigned stopped = 0;
  unsigned all = 0;
};

struct Pushdown {
  std::vector<sock_filter> program;   // bpf::check() holds.
  std::vector<sock_filter> matching;  // The same without what is always traced.
  Reach x86_64;
  Reach i386;
  bool coarse = false;  // Argument conditions were too many for a program and were given up.
};

// x32 calls (bit 30 of the number), numbers of other architectures and number -1 are always traced.
Pushdown push_down(const TypedExpr& expr,
                   std::span<const AlwaysTrace> always_traced = default_always_trace());

}  // namespace sonde::filter
