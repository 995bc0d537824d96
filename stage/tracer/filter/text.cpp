// Typed trees as text: the normal form of an expression.
#include <array>

#include <fmt/format.h>

#include "checker.hpp"

namespace sonde::filter {

namespace {

std::string decimal(Wide value) {
  const bool negative = value < 0;
  const auto magnitude = static_cast<std::uint64_t>(negative ? -value : value);
  return fmt::format("{}{}", negative ? "-" : "", magnitude);
}

// In the largest unit that leaves a whole number.
std::string duration_text(Wide nanoseconds) {
  struct Unit {
    std::uint64_t factor;
    std::string_view name;
  };
  static constexpr std::array<Unit, 4> units = {
      {{60'000'000'000, "m"}, {1'000'000'000, "s"}, {1'000'000, "ms"}, {1'000, "us"}}};
  const auto value = static_cast<std::uint64_t>(nanoseconds);
  if (value == 0) return "0ns";
  for (const Unit& unit : units) {
    if (value % unit.factor == 0) return fmt::format("{}{}", value / unit.factor, unit.name);
  }
  return fmt::format("{}ns", value);
}

std::string literal_text(const Literal& literal, Field field, bool keep_quotes) {
  switch (literal.kind) {
    case LiteralKind::number:
    case LiteralKind::size:
      return type(field) == FieldType::duration ? duration_text(literal.number) : decimal(literal.number);
    case LiteralKind::duration:
      return duration_text(literal.number);
    case LiteralKind::string:
      // "read" and read are the same system call.
      return keep_quotes ? quoted(literal.text) : literal.text;
    case LiteralKind::name:
      return literal.text;
    case LiteralKind::class_name:
      return "%" + literal.text;
  }
  return {};
}

// Mixed && and || get their parentheses, and so does a comparison under !: !fd == 3 would read as (!fd) == 3
// to people.
bool needs_parentheses(const Node& inner, const Node& outer) {
  if (inner.op == Node::Op::negation) return false;
  if (inner.op != Node::Op::test) return true;
  return outer.op == Node::Op::negation && inner.test->text.find(' ') != std::string::npos;
}

void append(std::string& text, const Node& node) {
  const auto operand = [&](const Node& inner) {
    const bool parentheses = needs_parentheses(inner, node);
    if (parentheses) text += '(';
    append(text, inner);
    if (parentheses) text += ')';
  };
  switch (node.op) {
    case Node::Op::test:
      text += node.test->text;
      break;
    case Node::Op::negation:
      text += '!';
      operand(node.operands.front());
      break;
    case Node::Op::any_of:
    case Node::Op::all_of:
      for (std::size_t i = 0; i < node.operands.size(); ++i) {
        if (i != 0) text += node.op == Node::Op::any_of ? " || " : " && ";
        operand(node.operands[i]);
      }
      break;
  }
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string made = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      made += '\\';
      made += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      made += fmt::format("\\{:03o}", byte);
    } else {
      made += c;
    }
  }
  return made + '"';
}

std::string right_side_text(const Expr& expr, Field field) {
  if (expr.op == Operator::none) return {};
  const FieldType of = type(field);
  const bool keep_quotes = of == FieldType::string || of == FieldType::stack || expr.op == Operator::match ||
                           expr.op == Operator::not_match;
  std::string text = fmt::format(" {} ", spelling(expr.op));
  if (!expr.part.empty()) text += expr.part + ' ';
  const bool set = expr.items.size() > 1 ||
                   ((expr.op == Operator::in || expr.op == Operator::not_in) && !expr.items.front().range);
  if (set) text += '[';
  for (std::size_t i = 0; i < expr.items.size(); ++i) {
    const Item& item = expr.items[i];
    if (i != 0) text += ", ";
    text += literal_text(item.low, field, keep_quotes);
    if (item.range) text += ".." + literal_text(item.high, field, keep_quotes);
  }
  if (set) text += ']';
  return text;
}

std::string to_text(const Node& node) {
  std::string text;
  append(text, node);
  return text;
}

}  // namespace sonde::filter
