#include "checker.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "names.hpp"
#include "sonde/filter/diagnostic.hpp"
#include "sonde/filter/parser.hpp"

namespace sonde::filter {

namespace {

std::int64_t count_regexes(const Expr& expr) {
  std::int64_t count = expr.op == Operator::match || expr.op == Operator::not_match ? 1 : 0;
  for (const Expr& operand : expr.operands) count += count_regexes(operand);
  return count;
}

std::string_view noun(FieldType type) {
  switch (type) {
    case FieldType::boolean:
      return "true or false";
    case FieldType::integer:
      return "a number";
    case FieldType::duration:
      return "a duration";
    case FieldType::string:
      return "a string";
    case FieldType::syscall:
      return "the name of a system call";
    case FieldType::class_:
      return "a class of system calls";
    case FieldType::flags:
      return "a set of flags";
    case FieldType::errno_:
      return "an errno";
    case FieldType::signal:
      return "a signal";
    case FieldType::kind:
      return "a kind of event";
    case FieldType::status:
      return "a status";
    case FieldType::stack:
      return "a list of frames";
  }
  return "";
}

std::string_view noun(LiteralKind kind) {
  switch (kind) {
    case LiteralKind::number:
      return "a number";
    case LiteralKind::size:
      return "a size";
    case LiteralKind::duration:
      return "a duration";
    case LiteralKind::string:
      return "a string";
    case LiteralKind::name:
      return "a name";
    case LiteralKind::class_name:
      return "a class";
  }
  return "";
}

struct Operators {
  std::string_view text;  // For people.
  std::uint32_t allowed;  // Bits.
};

template <typename... Op>
constexpr std::uint32_t bits_of(Op... ops) {
  return ((1u << static_cast<unsigned>(ops)) | ...);
}

Operators operators_of(FieldType type) {
  using enum Operator;
  switch (type) {
    case FieldType::boolean:
      return {"stands alone or goes with == and !=", bits_of(none, eq, ne)};
    case FieldType::integer:
    case FieldType::duration:
      return {"goes with == != < <= > >= and in", bits_of(eq, ne, lt, le, gt, ge, in, not_in)};
    case FieldType::string:
    case FieldType::syscall:
      return {"goes with == != =~ !~ and in", bits_of(eq, ne, match, not_match, in, not_in)};
    case FieldType::flags:
      return {"goes with has, == and !=", bits_of(has, eq, ne)};
    case FieldType::stack:
      return {"goes with has", bits_of(has)};
    case FieldType::class_:
    case FieldType::errno_:
    case FieldType::signal:
    case FieldType::kind:
    case FieldType::status:
      return {"goes with == != and in", bits_of(eq, ne, in, not_in)};
  }
  return {"", 0};
}

}  // namespace

std::string example(Field field) {
  switch (type(field)) {
    case FieldType::boolean:
      return fmt::format("as in {0} or !{0}", name(field));
    case FieldType::integer:
      return fmt::format("as in {} == 3", name(field));
    case FieldType::duration:
      return fmt::format("as in {} > 10ms", name(field));
    case FieldType::string:
      return fmt::format("as in {} == \"text\"", name(field));
    case FieldType::syscall:
      return "as in syscall == open";
    case FieldType::class_:
      return "as in class == file";
    case FieldType::flags:
      return "as in flags has O_CREAT";
    case FieldType::errno_:
      return "as in errno == ENOENT";
    case FieldType::signal:
      return "as in signal == SIGSEGV";
    case FieldType::kind:
      return "as in kind == syscall";
    case FieldType::status:
      return "as in status == failed";
    case FieldType::stack:
      return "as in stack has function \"main\"";
  }
  return {};
}

Checker::Checker(const Expr& whole, std::string_view source)
    : source_(source),
      regex_bytes_(limits::filter_regex_bytes / std::max<std::int64_t>(count_regexes(whole), 1)) {}

Result<Node> Checker::node(const Expr& expr) {
  if (expr.kind == Expr::Kind::test) return test(expr);
  Node made;
  made.op = expr.kind == Expr::Kind::any_of   ? Node::Op::any_of
            : expr.kind == Expr::Kind::all_of ? Node::Op::all_of
                                              : Node::Op::negation;
  for (const Expr& operand : expr.operands) {
    auto typed = node(operand);
    if (!typed) return typed;
    made.operands.push_back(std::move(*typed));
  }
  return made;
}

Result<Node> Checker::test(const Expr& expr) {
  const auto field = field_named(expr.field);
  if (!field) return unknown_field(expr);
  if (auto fits = operator_fits(expr, type(*field)); !fits) return Failure(std::move(fits.error()));
  Test made;
  made.field = *field;
  made.negated = expr.op == Operator::ne || expr.op == Operator::not_match || expr.op == Operator::not_in;
  if (auto done = body(expr, made); !done) return Failure(std::move(done.error()));
  if (made.text.empty()) made.text = std::string(name(*field)) + right_side_text(expr, *field);
  Node leaf;
  leaf.test = std::make_shared<const Test>(std::move(made));
  return leaf;
}

Result<void> Checker::body(const Expr& expr, Test& into) {
  switch (type(into.field)) {
    case FieldType::boolean:
      return boolean(expr, into);
    case FieldType::integer:
    case FieldType::duration:
    case FieldType::errno_:
    case FieldType::signal:
      return integers(expr, into);
    case FieldType::string:
      return strings(expr, into);
    case FieldType::syscall:
      return syscalls(expr, into);
    case FieldType::flags:
      return flags(expr, into);
    case FieldType::stack:
      return stack(expr, into);
    case FieldType::class_:
    case FieldType::kind:
    case FieldType::status:
      return bits(expr, into);
  }
  return {};
}

Result<void> Checker::operator_fits(const Expr& expr, FieldType type) const {
  const Operators known = operators_of(type);
  if ((known.allowed & bits_of(expr.op)) != 0) return {};
  const Field field = *field_named(expr.field);
  if (expr.op == Operator::none) {
    return complain(source_, expr.field_span,
                    fmt::format("'{}' is {}, not a condition", expr.field, noun(type)), example(field));
  }
  return complain(source_, expr.op_span,
                  fmt::format("'{}' is {} and has no '{}'", expr.field, noun(type), spelling(expr.op)),
                  fmt::format("it {}, {}", known.text, example(field)));
}

Failure Checker::unknown_field(const Expr& expr) const {
  const std::string message = fmt::format("unknown field '{}'", shown(expr.field));
  std::string hint = did_you_mean(nearest(expr.field, field_names()));
  const auto calls = syscall_names();
  if (expr.op == Operator::none &&
      std::binary_search(calls.begin(), calls.end(), std::string_view(expr.field))) {
    hint = fmt::format("did you mean 'syscall == {}'?", expr.field);
  }
  return complain(source_, expr.field_span, message, hint);
}

Failure Checker::wrong_type(const Expr& expr, const Literal& literal) const {
  const Field field = *field_named(expr.field);
  return complain(source_, literal.span,
                  fmt::format("'{}' is {}, not {}", expr.field, noun(type(field)), noun(literal.kind)),
                  example(field));
}

Failure Checker::unknown(std::string_view what, const Literal& literal,
                         std::span<const std::string_view> known) const {
  return complain(source_, literal.span, fmt::format("unknown {} '{}'", what, shown(literal.text)),
                  did_you_mean(nearest(literal.text, known)));
}

Result<TypedExpr> check(const Expr& expr, std::string_view source) {
  auto root = Checker(expr, source).node(expr);
  if (!root) return Failure(std::move(root.error()));
  return TypedExpr{std::move(*root)};
}

Result<TypedExpr> compile(std::string_view source) {
  auto expr = parse(source);
  if (!expr) return Failure(std::move(expr.error()));
  return check(*expr, source);
}

TypedExpr all_of(std::vector<TypedExpr> exprs) {
  if (exprs.size() == 1) return std::move(exprs.front());
  Node all;
  all.op = Node::Op::all_of;
  for (TypedExpr& expr : exprs) all.operands.push_back(std::move(expr.root));
  return {std::move(all)};
}

}  // namespace sonde::filter
