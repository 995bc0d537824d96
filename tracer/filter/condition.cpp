#include "condition.hpp"

#include <algorithm>
#include <optional>

#include "argument.hpp"

namespace sonde::filter {

namespace {

using Intervals = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

constexpr std::size_t max_intervals = 128;
// Neighbouring values make one interval; more values than this are not looked at, once for each call.
constexpr std::size_t max_values = 1024;

// What is known of a test before the call runs.
struct Known {
  enum class How { absent, undecided, exactly } how;
  Condition condition;  // exactly: holds just where the test is yes; where not, it is no.
};

Known absent() { return {Known::How::absent, {}}; }
Known undecided() { return {Known::How::undecided, {}}; }
Known exactly(Condition condition) { return {Known::How::exactly, std::move(condition)}; }
Known exactly(bool value) { return exactly(value ? always() : never()); }

Condition negate(const Condition& c) {
  Condition made = c;
  switch (c.op) {
    case Condition::Op::never:
      return always();
    case Condition::Op::always:
      return never();
    case Condition::Op::any_of:
      made.op = Condition::Op::all_of;
      break;
    case Condition::Op::all_of:
      made.op = Condition::Op::any_of;
      break;
    case Condition::Op::intervals:
    case Condition::Op::bits:
      made.negated = !c.negated;
      break;
  }
  for (Condition& part : made.parts) part = negate(part);
  return made;
}

// A chain ends early at `ends`, and skips `skips`.
Condition chain(Condition::Op op, Condition::Op ends, Condition::Op skips, std::vector<Condition> parts) {
  Condition made;
  made.op = op;
  for (Condition& part : parts) {
    if (part.op == ends) return part;
    if (part.op == skips) continue;
    if (part.op == op) {
      for (Condition& inner : part.parts) made.parts.push_back(std::move(inner));
    } else if (made.parts.empty() || made.parts.back() != part) {
      // Variants of a call make the same condition again and again.
      made.parts.push_back(std::move(part));
    }
  }
  if (made.parts.empty()) {
    made.op = skips;
    return made;
  }
  if (made.parts.size() == 1) {
    Condition only = std::move(made.parts.front());
    return only;
  }
  return made;
}

// The register values, as unsigned numbers of `type.width` bits, that pass.
Intervals intervals_of(const IntegerTest& test, ArgumentType type) {
  const Wide modulus = Wide{1} << type.width;
  const Wide half = modulus / 2;
  Intervals made;
  const auto add = [&](Wide low, Wide high) {
    made.emplace_back(static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high));
  };
  for (const Wide value : test.values) {
    if (value < -half || value >= modulus) continue;
    const Wide bits = value < 0 ? value + modulus : value;
    add(bits, bits);
  }
  const Wide lowest = type.is_signed ? -half : 0;
  const Wide highest = type.is_signed ? half - 1 : modulus - 1;
  for (auto [low, high] : test.ranges) {
    low = std::max(low, lowest);
    high = std::min(high, highest);
    if (low > high) continue;
    if (low < 0) add(low + modulus, std::min<Wide>(high, -1) + modulus);
    if (high >= 0) add(std::max<Wide>(low, 0), high);
  }
  std::sort(made.begin(), made.end());
  Intervals merged;
  for (const auto& next : made) {
    if (!merged.empty() && (next.first <= merged.back().second || next.first - 1 == merged.back().second)) {
      merged.back().second = std::max(merged.back().second, next.second);
    } else {
      merged.push_back(next);
    }
  }
  return merged;
}

std::optional<Condition> register_in(const IntegerTest& test, unsigned reg, ArgumentType type) {
  if (test.values.size() + test.ranges.size() > max_values) return std::nullopt;
  Condition made;
  made.op = Condition::Op::intervals;
  made.reg = static_cast<std::uint8_t>(reg);
  made.width = type.width;
  made.intervals = intervals_of(test, type);
  if (made.intervals.size() > max_intervals) return std::nullopt;
  const std::uint64_t largest = type.width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << type.width) - 1;
  if (made.intervals.empty()) return never();
  if (made.intervals.front() == std::pair<std::uint64_t, std::uint64_t>{0, largest}) return always();
  return made;
}

// Any of the arguments that `chosen` picks, under the condition that `condition_of` gives for it.
template <typename Chosen, typename ConditionOf>
Known any_argument(const syscall::Row& row, Chosen chosen, ConditionOf condition_of) {
  std::vector<Condition> parts;
  bool found = false;
  bool given_up = false;
  each_argument(row, [&](const syscall::Argument& argument) {
    if (!chosen(argument)) return;
    found = true;
    if (auto condition = condition_of(argument)) {
      parts.push_back(std::move(*condition));
    } else {
      given_up = true;
    }
  });
  if (!found) return absent();
  return given_up ? undecided() : exactly(any_of(std::move(parts)));
}

Condition flags_in(const FlagsTest& test, const syscall::Argument& argument, ArgumentType type) {
  const std::uint64_t width = type.width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << type.width) - 1;
  const auto* set = flag_set(argument.kind);
  std::vector<Condition> all;
  for (const std::vector<FlagCase>& cases : test.flags) {
    std::vector<Condition> any;
    for (const FlagCase& flag : cases) {
      if (flag.set != nullptr && flag.set != set) continue;
      Condition made;
      made.op = Condition::Op::bits;
      made.reg = argument.reg;
      made.width = type.width;
      made.mask = flag.mask & width;
      made.value = flag.value & width;
      any.push_back((made.value & ~made.mask) != 0 ? never() : made);
    }
    all.push_back(any_of(std::move(any)));
  }
  return all_of(std::move(all));
}

// Of tests that ask nothing of an argument: whether they are yes.
std::optional<bool> certain(const Test& test, const CallShape& call) {
  switch (test.field) {
    case Field::kind:
      return (std::get<BitsTest>(test.body).mask & event_kinds(*call.row)) != 0;
    case Field::syscall:
      if (!call.nr) return false;
      return std::get<SyscallTest>(test.body).set.contains(named_call(call.abi, *call.nr, *call.row));
    case Field::class_:
      return (std::get<BitsTest>(test.body).mask & static_cast<std::uint32_t>(call.row->classes)) != 0;
    case Field::nr:
      if (!call.nr) return std::nullopt;
      return passes(std::get<IntegerTest>(test.body), Integer{*call.nr, 32, false});
    default:
      return std::nullopt;
  }
}

// Whether possible() is never by those tests alone. Without a condition made it says so of most calls.
bool ruled_out(const Node& node, bool wanted, const CallShape& call) {
  if (node.op == Node::Op::negation) return ruled_out(node.operands.front(), !wanted, call);
  if (node.op == Node::Op::test) {
    const auto value = certain(*node.test, call);
    return value && *value != (wanted != node.test->negated);
  }
  const auto out = [&](const Node& operand) { return ruled_out(operand, wanted, call); };
  return (node.op == Node::Op::any_of) == wanted ? std::ranges::all_of(node.operands, out)
                                                 : std::ranges::any_of(node.operands, out);
}

Known known(const Test& test, const CallShape& call) {
  const syscall::Row& row = *call.row;
  if (const auto value = certain(test, call)) return exactly(*value);
  if (const auto reg = register_of(test.field)) {
    return any_argument(
        row, [&](const syscall::Argument& argument) { return argument.reg == *reg; },
        [&](const syscall::Argument& argument) {
          return register_in(std::get<IntegerTest>(test.body), argument.reg,
                             argument_type(call.abi, argument.kind));
        });
  }
  switch (test.field) {
    case Field::fd:
      return any_argument(
          row, [](const syscall::Argument& argument) { return is_descriptor(argument.kind); },
          [&](const syscall::Argument& argument) {
            return register_in(std::get<IntegerTest>(test.body), argument.reg,
                               argument_type(call.abi, argument.kind));
          });
    case Field::flags:
      return any_argument(
          row, [](const syscall::Argument& argument) { return flag_set(argument.kind) != nullptr; },
          [&](const syscall::Argument& argument) {
            return std::optional(
                flags_in(std::get<FlagsTest>(test.body), argument, argument_type(call.abi, argument.kind)));
          });
    case Field::path: {
      bool found = false;
      each_argument(row, [&](const syscall::Argument& argument) {
        found |= is_path(argument.kind) || is_descriptor(argument.kind);
      });
      return found ? undecided() : absent();
    }
    default:
      return foreign_to_calls(test.field) ? absent() : undecided();
  }
}

Condition condition_of(const Node& node, bool wanted, const CallShape& call) {
  if (node.op == Node::Op::negation) return condition_of(node.operands.front(), !wanted, call);
  if (node.op == Node::Op::test) {
    Known test = known(*node.test, call);
    if (test.how == Known::How::absent) return never();
    if (test.how == Known::How::undecided) return always();
    return wanted != node.test->negated ? std::move(test.condition) : negate(test.condition);
  }
  const bool any = (node.op == Node::Op::any_of) == wanted;
  std::vector<Condition> parts;
  std::size_t cost = 0;
  for (const Node& operand : node.operands) {
    Condition part = condition_of(operand, wanted, call);
    if (part.op == (any ? Condition::Op::always : Condition::Op::never)) return part;
    cost += part.cost();
    // Too large: of an alternative the whole is given up, of a conjunction this part alone.
    if (cost > max_condition_cost) {
      if (any) return always();
      cost -= part.cost();
      continue;
    }
    parts.push_back(std::move(part));
  }
  return any ? any_of(std::move(parts)) : all_of(std::move(parts));
}

}  // namespace

Condition never() { return {}; }

Condition always() {
  Condition made;
  made.op = Condition::Op::always;
  return made;
}

Condition any_of(std::vector<Condition> parts) {
  using enum Condition::Op;
  return chain(any_of, always, never, std::move(parts));
}

Condition all_of(std::vector<Condition> parts) {
  using enum Condition::Op;
  return chain(all_of, never, always, std::move(parts));
}

// Whichever variant of the call it is.
Condition possible(const TypedExpr& expr, Abi abi, std::uint32_t nr) {
  std::vector<Condition> parts;
  for (const syscall::Row* row : syscall::resolvable(abi, nr)) {
    Condition part = possible(expr.root, true, {abi, nr, row});
    if (part.op == Condition::Op::never) continue;
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(std::move(part));
  }
  Condition made = any_of(std::move(parts));
  return made.cost() > max_condition_cost ? always() : made;
}

std::size_t Condition::cost() const {
  std::size_t sum = op == Op::bits ? 6 : intervals.size() * (width == 64 ? 10 : 4);
  for (const Condition& part : parts) sum += part.cost();
  return sum;
}

Condition possible(const Node& node, bool wanted, const CallShape& call) {
  return ruled_out(node, wanted, call) ? never() : condition_of(node, wanted, call);
}

bool decided_in_kernel(Field field) {
  switch (field) {
    case Field::kind:
    case Field::syscall:
    case Field::nr:
    case Field::class_:
    case Field::fd:
    case Field::flags:
      return true;
    default:
      return register_of(field).has_value();
  }
}

bool foreign_to_calls(Field field) {
  switch (field) {
    case Field::alloc_size:
    case Field::alloc_address:
    case Field::alloc_function:
    case Field::alloc_usable:
    case Field::alloc_age:
    case Field::signal:
    case Field::signal_code:
    case Field::signal_address:
      return true;
    default:
      return false;
  }
}

}  // namespace sonde::filter
