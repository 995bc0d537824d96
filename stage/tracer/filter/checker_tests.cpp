// The right sides of tests, by the type of their field.
#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>
#include <re2/re2.h>

#include "checker.hpp"
#include "names.hpp"
#include "sonde/filter/diagnostic.hpp"

namespace sonde::filter {

namespace {

constexpr Wide lowest = std::numeric_limits<std::int64_t>::min();
constexpr Wide highest = std::numeric_limits<std::uint64_t>::max();
constexpr int max_errno = 4095;

// Sorts and joins what touches or overlaps, so that a lookup needs one binary search.
void merge(std::vector<std::pair<Wide, Wide>>& ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::vector<std::pair<Wide, Wide>> merged;
  for (const auto& range : ranges) {
    if (merged.empty() || range.first > merged.back().second + 1) {
      merged.push_back(range);
    } else {
      merged.back().second = std::max(merged.back().second, range.second);
    }
  }
  ranges = std::move(merged);
}

template <typename T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

// What an ordering holds for; an empty range where nothing can.
std::pair<Wide, Wide> range_of(Operator op, Wide bound) {
  switch (op) {
    case Operator::lt:
      return {lowest, bound - 1};
    case Operator::le:
      return {lowest, bound};
    case Operator::gt:
      return {bound + 1, highest};
    default:
      return {bound, highest};
  }
}

bool is_ordering(Operator op) {
  return op == Operator::lt || op == Operator::le || op == Operator::gt || op == Operator::ge;
}

}  // namespace

Result<void> Checker::boolean(const Expr& expr, Test& into) {
  into.body = BooleanTest{};
  if (expr.op == Operator::none) return {};
  const Literal& literal = expr.items.front().low;
  if (literal.kind != LiteralKind::name) return wrong_type(expr, literal);
  if (literal.text != "true" && literal.text != "false") {
    return complain(source_, literal.span, fmt::format("'{}' is true or false", expr.field),
                    example(into.field));
  }
  // failed == false is no field's absence: negation of a known value.
  into.negated = (literal.text == "false") != into.negated;
  into.text = fmt::format("{} == {}", expr.field, into.negated ? "false" : "true");
  return {};
}

Result<Wide> Checker::named_integer(Field field, const Literal& literal) const {
  if (type(field) == FieldType::errno_) {
    if (const auto value = errno_named(literal.text)) return *value;
    return unknown("errno", literal, errno_names());
  }
  if (type(field) == FieldType::signal) {
    if (const auto value = signal_named(literal.text)) return *value;
    if (const auto loose = signal_named(literal.text, true)) {
      return complain(source_, literal.span, fmt::format("unknown signal '{}'", shown(literal.text)),
                      did_you_mean(syscall::signal_name(*loose)));
    }
    return unknown("signal", literal, signal_names());
  }
  // A register's bits, as a negative number where they are one: AT_FDCWD.
  if (const auto value = syscall::constant_named(literal.text)) return static_cast<std::int64_t>(*value);
  return unknown("name", literal, syscall::constant_names());
}

Result<Wide> Checker::integer(const Expr& expr, Field field, const Literal& literal) const {
  const bool duration = type(field) == FieldType::duration;
  switch (literal.kind) {
    case LiteralKind::name:
      if (duration) return wrong_type(expr, literal);
      return named_integer(field, literal);
    case LiteralKind::duration:
      if (!duration) return wrong_type(expr, literal);
      return literal.number;
    case LiteralKind::size:
      if (type(field) != FieldType::integer) return wrong_type(expr, literal);
      return literal.number;
    case LiteralKind::number:
      if (duration && literal.number != 0) {
        return complain(source_, literal.span, "a duration needs a unit", example(field));
      }
      if (literal.number < lowest)
        return complain(source_, literal.span, "this number does not fit in 64 bits");
      return literal.number;
    case LiteralKind::string:
    case LiteralKind::class_name:
      break;
  }
  return wrong_type(expr, literal);
}

Result<void> Checker::integers(const Expr& expr, Test& into) {
  IntegerTest made;
  for (const Item& item : expr.items) {
    auto low = integer(expr, into.field, item.low);
    if (!low) return Failure(std::move(low.error()));
    if (is_ordering(expr.op)) {
      const auto range = range_of(expr.op, *low);
      if (range.first <= range.second) made.ranges.push_back(range);
      continue;
    }
    if (!item.range) {
      if (into.field == Field::ret && *low < -1 && *low >= -max_errno) {
        const auto name = syscall::errno_name(static_cast<int>(-*low));
        return complain(source_, item.span, "the ret of a call that failed is -1",
                        name.empty() ? std::string("its reason is in errno")
                                     : fmt::format("did you mean 'errno == {}'?", name));
      }
      made.values.push_back(*low);
      continue;
    }
    auto high = integer(expr, into.field, item.high);
    if (!high) return Failure(std::move(high.error()));
    if (*low > *high)
      return complain(source_, item.span, "this range is empty", "its low end comes first, as in 1..9");
    made.ranges.emplace_back(*low, *high);
  }
  sort_unique(made.values);
  merge(made.ranges);
  into.body = std::move(made);
  return {};
}

Result<std::uint32_t> Checker::bit_of(const Expr& expr, Field field, const Literal& literal) const {
  const bool is_class = type(field) == FieldType::class_;
  if (literal.kind != LiteralKind::name && literal.kind != LiteralKind::string &&
      (literal.kind != LiteralKind::class_name || !is_class)) {
    return wrong_type(expr, literal);
  }
  if (is_class) {
    if (const auto found = syscall::class_named(literal.text)) return static_cast<std::uint32_t>(*found);
    return unknown("class", literal, syscall::class_names());
  }
  const bool is_kind = type(field) == FieldType::kind;
  const auto names = is_kind ? event_kind_names() : call_status_names();
  const auto found = std::find(names.begin(), names.end(), std::string_view(literal.text));
  if (found != names.end()) return 1u << (found - names.begin());
  return unknown(is_kind ? "kind of event" : "status", literal, names);
}

Result<void> Checker::bits(const Expr& expr, Test& into) {
  BitsTest made;
  for (const Item& item : expr.items) {
    if (item.range)
      return complain(source_, item.span, fmt::format("'{}' has no ranges", expr.field), example(into.field));
    auto bit = bit_of(expr, into.field, item.low);
    if (!bit) return Failure(std::move(bit.error()));
    made.mask |= *bit;
  }
  into.body = made;
  return {};
}

Result<SyscallSet> Checker::calls(const Literal& literal) const {
  if (literal.kind == LiteralKind::class_name) {
    const auto found = syscall::class_named(literal.text);
    if (!found) return unknown("class", literal, syscall::class_names());
    return calls_of(*found);
  }
  if (is_glob(literal.text)) {
    const SyscallSet set = calls_like(literal.text);
    if (set.empty()) {
      return complain(source_, literal.span,
                      fmt::format("no system call is named like '{}'", shown(literal.text)));
    }
    return set;
  }
  const SyscallSet set = calls_named(literal.text);
  if (set.empty()) return unknown("system call", literal, syscall_names());
  return set;
}

Result<void> Checker::syscalls(const Expr& expr, Test& into) {
  SyscallTest made;
  if (expr.op == Operator::match || expr.op == Operator::not_match) {
    const Literal& literal = expr.items.front().low;
    if (literal.kind != LiteralKind::string) return wrong_type(expr, literal);
    auto test = regex(literal);
    if (!test) return Failure(std::move(test.error()));
    made.set = calls_matching(*test->regex);
    if (made.set.empty()) return complain(source_, literal.span, "no system call's name matches this");
    into.body = made;
    return {};
  }
  for (const Item& item : expr.items) {
    if (item.range) {
      return complain(source_, item.span, "'syscall' has no ranges", "numbers have: nr in 0..10");
    }
    if (item.low.kind == LiteralKind::number) {
      return complain(source_, item.low.span, "'syscall' is the name of a system call, not a number",
                      fmt::format("numbers are compared with nr"));
    }
    if (item.low.kind == LiteralKind::size || item.low.kind == LiteralKind::duration) {
      return wrong_type(expr, item.low);
    }
    auto set = calls(item.low);
    if (!set) return Failure(std::move(set.error()));
    made.set |= *set;
  }
  into.body = made;
  return {};
}

Result<StringTest> Checker::regex(const Literal& literal) const {
  Regex made = compile_regex(literal.text, regex_bytes_);
  if (!made.compiled) {
    return complain(source_, literal.span, fmt::format("bad regular expression: {}", shown(made.error)));
  }
  StringTest test;
  test.regex = std::move(made.compiled);
  return test;
}

Result<void> Checker::strings(const Expr& expr, Test& into) {
  StringTest made;
  const bool set = expr.op == Operator::in || expr.op == Operator::not_in;
  for (const Item& item : expr.items) {
    if (item.range)
      return complain(source_, item.span, fmt::format("'{}' has no ranges", expr.field), example(into.field));
    const Literal& literal = item.low;
    if (literal.kind == LiteralKind::name) {
      return complain(source_, literal.span, fmt::format("'{}' is a string, not a name", expr.field),
                      fmt::format("did you mean '{}'?", quoted(literal.text)));
    }
    if (literal.kind != LiteralKind::string) return wrong_type(expr, literal);
    if (expr.op == Operator::match || expr.op == Operator::not_match) {
      auto test = regex(literal);
      if (!test) return Failure(std::move(test.error()));
      made = std::move(*test);
    } else if (set && is_glob(literal.text)) {
      made.globs.push_back(literal.text);
    } else {
      made.values.push_back(literal.text);
    }
  }
  sort_unique(made.values);
  sort_unique(made.globs);
  into.body = std::move(made);
  return {};
}

Result<std::vector<FlagCase>> Checker::flag(const Expr& expr, const Literal& literal) const {
  constexpr std::uint64_t whole = ~std::uint64_t{0};
  const bool has = expr.op == Operator::has;
  if (literal.kind == LiteralKind::number && literal.number >= 0) {
    const auto value = static_cast<std::uint64_t>(literal.number);
    return std::vector{FlagCase{nullptr, has && value != 0 ? value : whole, value}};
  }
  if (literal.kind != LiteralKind::name) return wrong_type(expr, literal);
  auto cases = flag_named(literal.text);
  if (cases.empty()) {
    if (!syscall::constant_named(literal.text)) return unknown("flag", literal, syscall::constant_names());
    return complain(source_, literal.span, fmt::format("'{}' is not a flag", shown(literal.text)),
                    example(Field::flags));
  }
  if (!has) {
    for (FlagCase& c : cases) c.mask = whole;
  }
  return cases;
}

Result<void> Checker::flags(const Expr& expr, Test& into) {
  FlagsTest made;
  for (const Item& item : expr.items) {
    if (item.range) return complain(source_, item.span, "'flags' has no ranges", example(into.field));
    if (!expr.part.empty())
      return complain(source_, expr.part_span, "expected one flag here", example(into.field));
    auto cases = flag(expr, item.low);
    if (!cases) return Failure(std::move(cases.error()));
    made.flags.push_back(std::move(*cases));
  }
  into.body = std::move(made);
  return {};
}

Result<void> Checker::stack(const Expr& expr, Test& into) {
  static constexpr std::array<std::string_view, 3> parts = {"function", "file", "module"};
  const Item& item = expr.items.front();
  if (expr.part.empty() || item.low.kind != LiteralKind::string || item.range) {
    return complain(source_, item.span, "expected function, file or module and a string here",
                    example(into.field));
  }
  const auto part = std::find(parts.begin(), parts.end(), std::string_view(expr.part));
  if (part == parts.end()) {
    return complain(source_, expr.part_span, fmt::format("frames have no '{}'", shown(expr.part)),
                    did_you_mean(nearest(expr.part, parts)));
  }
  into.body = StackTest{static_cast<StackPart>(part - parts.begin()), item.low.text};
  return {};
}

}  // namespace sonde::filter
