#include "sonde/filter/evaluate.hpp"

#include <re2/re2.h>

#include "names.hpp"

namespace sonde::filter {

namespace {

std::uint64_t mask_of(unsigned width) {
  return width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}

Wide as_unsigned(Integer value) { return value.bits & mask_of(value.width); }

Wide as_signed(Integer value) {
  if (value.width >= 64) return static_cast<std::int64_t>(value.bits);
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(value.bits));
}

// Any value that passes decides; without one, a value that could not be read leaves the question open.
template <typename T, typename Passes>
Verdict any_of(const Values<T>& values, Passes passes_one) {
  if (values.presence == Presence::absent) return Verdict::unknown;
  if (values.presence == Presence::pending) return Verdict::pending;
  for (std::size_t i = 0; i < values.count; ++i) {
    if (passes_one(values.items[i])) return Verdict::yes;
  }
  return values.presence == Presence::known ? Verdict::no : Verdict::unknown;
}

bool fits(const FlagCase& flag, const FlagBits& argument) {
  return (flag.set == nullptr || flag.set == argument.set) && passes(flag, argument.value);
}

struct Evaluator {
  const Fields& fields;
  Field field;

  Verdict operator()(const BooleanTest&) const { return any_bit(1); }
  Verdict operator()(const BitsTest& test) const { return any_bit(test.mask); }
  Verdict operator()(const IntegerTest& test) const {
    return any_of(fields.integers(field), [&](Integer value) { return passes(test, value); });
  }
  Verdict operator()(const StringTest& test) const {
    return any_of(fields.strings(field), [&](std::string_view value) { return passes(test, value); });
  }
  Verdict operator()(const SyscallTest& test) const {
    const auto call = fields.call();
    if (!call) return Verdict::unknown;
    return test.set.contains(call->abi, call->nr) ? Verdict::yes : Verdict::no;
  }
  Verdict operator()(const FlagsTest& test) const {
    return any_of(fields.flags(), [&](const FlagBits& argument) {
      return std::all_of(test.flags.begin(), test.flags.end(), [&](const std::vector<FlagCase>& cases) {
        return std::any_of(cases.begin(), cases.end(),
                           [&](const FlagCase& flag) { return fits(flag, argument); });
      });
    });
  }
  Verdict operator()(const StackTest& test) const { return fields.stack_has(test.part, test.name); }

  Verdict any_bit(std::uint32_t mask) const {
    const Bits bits = fields.bits(field);
    if (bits.presence == Presence::pending) return Verdict::pending;
    if (bits.presence != Presence::known) return Verdict::unknown;
    return (bits.bits & mask) != 0 ? Verdict::yes : Verdict::no;
  }
};

}  // namespace

Verdict operator!(Verdict verdict) {
  if (verdict == Verdict::yes) return Verdict::no;
  return verdict == Verdict::no ? Verdict::yes : verdict;
}

Verdict either(Verdict a, Verdict b) { return std::max(a, b); }

Verdict both(Verdict a, Verdict b) { return !std::max(!a, !b); }

bool passes(const IntegerTest& test, Integer value) {
  const Wide positive = as_unsigned(value);
  const Wide negative = as_signed(value);
  const auto holds = [&](Wide wanted) {
    return std::binary_search(test.values.begin(), test.values.end(), wanted);
  };
  if (holds(positive) || (negative != positive && holds(negative))) return true;
  const Wide natural = value.is_signed ? negative : positive;
  const auto after = std::upper_bound(test.ranges.begin(), test.ranges.end(), natural,
                                      [](Wide v, const auto& range) { return v < range.first; });
  return after != test.ranges.begin() && natural <= std::prev(after)->second;
}

bool passes(const FlagCase& flag, Integer value) {
  const std::uint64_t width = mask_of(value.width);
  return (value.bits & flag.mask & width) == (flag.value & width);
}

bool passes(const StringTest& test, std::string_view value) {
  if (test.regex) return re2::RE2::PartialMatch(re2::StringPiece(value.data(), value.size()), *test.regex);
  if (std::binary_search(test.values.begin(), test.values.end(), value)) return true;
  return std::any_of(test.globs.begin(), test.globs.end(),
                     [&](const std::string& glob) { return glob_matches(glob, value); });
}

Verdict evaluate(const Node& node, const Fields& fields) {
  switch (node.op) {
    case Node::Op::test: {
      const Verdict verdict = std::visit(Evaluator{fields, node.test->field}, node.test->body);
      return node.test->negated ? !verdict : verdict;
    }
    case Node::Op::negation:
      return !evaluate(node.operands.front(), fields);
    case Node::Op::any_of: {
      Verdict verdict = Verdict::no;
      for (const Node& operand : node.operands) {
        verdict = either(verdict, evaluate(operand, fields));
        if (verdict == Verdict::yes) break;
      }
      return verdict;
    }
    case Node::Op::all_of: {
      Verdict verdict = Verdict::yes;
      for (const Node& operand : node.operands) {
        verdict = both(verdict, evaluate(operand, fields));
        if (verdict == Verdict::no) break;
      }
      return verdict;
    }
  }
  return Verdict::unknown;
}

}  // namespace sonde::filter
