#include "sonde/filter/pushdown.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <linux/audit.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/mman.h>

#include "assembler.hpp"
#include "condition.hpp"
#include "sonde/base/result.hpp"
#include "sonde/filter/bpf.hpp"

namespace sonde::filter {

namespace {

using syscall::Row;

constexpr std::uint32_t x32_bit = 0x40000000;

// Numbers [first, the next run's first) with one condition, an index into Table::conditions.
struct Run {
  std::uint32_t first;
  std::size_t condition;
};

// What each call of an ABI must satisfy to be traced.
struct Table {
  std::vector<Run> runs;
  std::vector<Condition> conditions;  // Each once.
  Reach reach;

  void add(std::uint32_t first, const Condition& condition) {
    if (!runs.empty() && conditions[runs.back().condition] == condition) return;
    const auto found = std::find(conditions.begin(), conditions.end(), condition);
    const auto index = static_cast<std::size_t>(found - conditions.begin());
    if (found == conditions.end()) conditions.push_back(condition);
    runs.push_back({first, index});
  }
};

Condition low_bits(std::uint64_t mask, std::uint64_t value, std::uint8_t reg = 0) {
  Condition made;
  made.reg = reg;
  made.op = Condition::Op::bits;
  made.width = 32;
  made.mask = mask;
  made.value = value;
  return made;
}

// When a call stops whatever the expression says: any of these.
std::vector<Condition> demanded(const Row& row, std::span<const AlwaysTrace> always_traced) {
  std::vector<Condition> parts;
  for (const AlwaysTrace& wanted : always_traced) {
    if (wanted.name != row.name) continue;
    if (wanted.argument2_bits != 0) {
      parts.push_back(low_bits(wanted.argument2_bits, wanted.argument2_bits, 2));
    } else {
      parts.push_back(wanted.argument0 ? low_bits(0xffffffff, *wanted.argument0) : always());
    }
  }
  if (row.name == "clone") parts.push_back(low_bits(CLONE_UNTRACED, CLONE_UNTRACED));
  return parts;
}

const Row& unknown_row(Abi abi) {
  constexpr std::array<std::uint64_t, syscall::max_arguments> zeros{};
  return *syscall::resolve(abi, std::numeric_limits<std::uint32_t>::max(), zeros);
}

// The calls that can match, and those that must stop: these and the always traced ones.
struct Tables {
  Table matching;
  Table stopping;
};

Condition either(Condition condition, std::vector<Condition> others) {
  if (others.empty()) return condition;
  others.push_back(std::move(condition));
  return any_of(std::move(others));
}

Tables tables_of(const TypedExpr& expr, Abi abi, std::span<const AlwaysTrace> always_traced) {
  Tables tables;
  const Row& unknown = unknown_row(abi);
  std::uint32_t next = 0;
  const auto add_unknown = [&](std::uint32_t first, std::optional<std::uint32_t> nr) {
    const Condition condition = possible(expr.root, true, {abi, nr, &unknown});
    tables.matching.add(first, condition);
    tables.stopping.add(first, condition);
  };
  const auto gap_until = [&](std::uint32_t end) {
    for (; next < end; ++next) add_unknown(next, next);
  };
  for (const Row& row : syscall::rows(abi)) {
    if (row.nr < next) continue;
    gap_until(std::min(row.nr, SyscallSet::numbers));
    const Condition condition = possible(expr, abi, row.nr);
    ++tables.stopping.reach.all;
    if (condition.op != Condition::Op::never) ++tables.stopping.reach.stopped;
    tables.matching.add(row.nr, either(condition, demanded(row, {})));
    tables.stopping.add(row.nr, either(condition, demanded(row, always_traced)));
    next = row.nr + 1;
  }
  gap_until(SyscallSet::numbers);
  add_unknown(next, std::nullopt);
  return tables;
}

// Instead of conditions on arguments: whether one is possible at all.
void give_up_arguments(Table& table) {
  std::vector<Run> runs;
  for (const Run& run : table.runs) {
    const std::size_t traced = table.conditions[run.condition].op == Condition::Op::never ? 0 : 1;
    if (runs.empty() || runs.back().condition != traced) runs.push_back({run.first, traced});
  }
  table.runs = std::move(runs);
  table.conditions = {never(), always()};
}

Assembler::Label assemble(Assembler& code, const Table& table, Assembler::Label trace,
                          Assembler::Label allow) {
  std::vector<Assembler::Label> bodies;
  for (const Condition& condition : table.conditions) bodies.push_back(code.test(condition, trace, allow));
  std::vector<std::pair<std::uint32_t, Assembler::Label>> starts;
  for (const Run& run : table.runs) {
    if (starts.empty() || bodies[run.condition] != starts.back().second) {
      starts.emplace_back(run.first, bodies[run.condition]);
    }
  }
  return code.search(starts);
}

std::vector<sock_filter> assemble(const Table& native, const Table& compat) {
  Assembler code;
  const auto allow = code.ret(SECCOMP_RET_ALLOW);
  const auto trace = code.ret(SECCOMP_RET_TRACE);
  const auto number = offsetof(seccomp_data, nr);
  const auto i386 = code.load(number, assemble(code, compat, trace, allow));
  const auto tree = assemble(code, native, trace, allow);
  const auto x86_64 = code.load(number, code.branch(BPF_JGE, x32_bit, trace, tree));
  const auto other = code.branch(BPF_JEQ, AUDIT_ARCH_I386, i386, trace);
  code.load(offsetof(seccomp_data, arch), code.branch(BPF_JEQ, AUDIT_ARCH_X86_64, x86_64, other));
  return std::move(code).finish();
}

struct Program {
  std::vector<sock_filter> instructions;
  bool coarse = false;
};

Program program_of(Table& native, Table& compat) {
  Program made{assemble(native, compat)};
  if (made.instructions.size() > bpf::max_instructions) {
    made.coarse = true;
    give_up_arguments(native);
    give_up_arguments(compat);
    made.instructions = assemble(native, compat);
  }
  if (made.instructions.size() > bpf::max_instructions)
    made.instructions = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_TRACE}};
  SONDE_CHECK(bpf::check(made.instructions).has_value());
  return made;
}

}  // namespace

std::span<const AlwaysTrace> default_always_trace() {
  static constexpr std::array<AlwaysTrace, 5> calls = {
      {{"execve"}, {"execveat"}, {"clone3"}, {"seccomp"}, {"prctl", PR_SET_SECCOMP}}};
  return calls;
}

std::span<const AlwaysTrace> always_trace_for_stacks() {
  static const auto calls = [] {
    std::vector<AlwaysTrace> all(default_always_trace().begin(), default_always_trace().end());
    for (const auto* name : {"mmap", "mprotect", "pkey_mprotect"}) all.push_back({name, {}, PROT_EXEC});
    all.push_back({"mremap"});
    return all;
  }();
  return calls;
}

Pushdown push_down(const TypedExpr& expr, std::span<const AlwaysTrace> always_traced) {
  Tables native = tables_of(expr, Abi::x86_64, always_traced);
  Tables compat = tables_of(expr, Abi::i386, always_traced);
  Pushdown made;
  made.x86_64 = native.stopping.reach;
  made.i386 = compat.stopping.reach;
  made.matching = program_of(native.matching, compat.matching).instructions;
  Program program = program_of(native.stopping, compat.stopping);
  made.program = std::move(program.instructions);
  made.coarse = program.coarse;
  return made;
}

}  // namespace sonde::filter
