#include "sonde/filter/parser.hpp"

#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "lexer.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/filter/diagnostic.hpp"

namespace sonde::filter {

namespace {

constexpr std::array<std::pair<std::string_view, Operator>, 8> comparisons = {{{"==", Operator::eq},
                                                                               {"!=", Operator::ne},
                                                                               {"<=", Operator::le},
                                                                               {">=", Operator::ge},
                                                                               {"<", Operator::lt},
                                                                               {">", Operator::gt},
                                                                               {"=~", Operator::match},
                                                                               {"!~", Operator::not_match}}};

bool is_keyword(const Token& token) {
  return token.is("and") || token.is("or") || token.is("not") || token.is("in") || token.is("has");
}

std::string described(const Token& token) {
  return token.kind == TokenKind::end ? "the end" : fmt::format("'{}'", shown(token.text));
}

class Parser {
 public:
  explicit Parser(std::string_view source) : source_(source), lexer_(source) {}

  Result<Expr> whole();

 private:
  // Each of these leaves token_ on the first token that is not theirs.
  Result<Expr> chain(Expr::Kind kind);
  Result<Expr> negation();
  Result<Expr> parenthesis();
  Result<Expr> test();
  Result<void> right_side(Expr& test);
  Result<void> operator_of(Expr& test);
  Result<void> set(Expr& test, std::string_view close);
  Result<Item> item();
  Result<Literal> literal();
  Result<void> advance();
  Failure unexpected(std::string_view expected, std::string_view hint = {}) const;
  Failure too_deep() const;
  void extend(Span& span) const { span.end = last_end_; }

  std::string_view source_;
  Lexer lexer_;
  Token token_;
  std::uint32_t last_end_ = 0;  // Where the token before token_ ended.
  std::size_t depth_ = 0;
};

#define SONDE_TRY(expression) \
  if (auto tried = (expression); !tried) return Failure(std::move(tried.error()))

Result<void> Parser::advance() {
  last_end_ = token_.span.end;
  auto next = lexer_.next();
  if (!next) return Failure(std::move(next.error()));
  token_ = std::move(*next);
  return {};
}

Failure Parser::unexpected(std::string_view expected, std::string_view hint) const {
  return complain(source_, token_.span, fmt::format("expected {}, found {}", expected, described(token_)),
                  hint);
}

Failure Parser::too_deep() const {
  return fail(ErrorCode::limit,
              diagnostic(source_, token_.span, fmt::format("nested deeper than {}", limits::filter_nesting)));
}

Result<Expr> Parser::whole() {
  SONDE_TRY(advance());
  auto expr = chain(Expr::Kind::any_of);
  if (!expr) return expr;
  if (token_.kind == TokenKind::end) return expr;
  if (token_.is(")")) return complain(source_, token_.span, "')' without '('");
  return unexpected("'&&', '||' or the end");
}

// any_of is a chain of all_of, and that one of negations; a chain of one is its only link.
Result<Expr> Parser::chain(Expr::Kind kind) {
  const bool any = kind == Expr::Kind::any_of;
  Expr whole;
  whole.kind = kind;
  whole.span = token_.span;
  for (;;) {
    auto link = any ? chain(Expr::Kind::all_of) : negation();
    if (!link) return link;
    whole.operands.push_back(std::move(*link));
    if (any ? !token_.is("||") && !token_.is("or") : !token_.is("&&") && !token_.is("and")) break;
    SONDE_TRY(advance());
  }
  if (whole.operands.size() == 1) return std::move(whole.operands.front());
  extend(whole.span);
  return whole;
}

Result<Expr> Parser::negation() {
  if (token_.is("(")) return parenthesis();
  if (!token_.is("!") && !token_.is("not")) return test();
  if (depth_ == limits::filter_nesting) return too_deep();
  ++depth_;
  Expr made;
  made.kind = Expr::Kind::negation;
  made.span = token_.span;
  SONDE_TRY(advance());
  auto operand = negation();
  if (!operand) return operand;
  --depth_;
  made.operands.push_back(std::move(*operand));
  extend(made.span);
  return made;
}

Result<Expr> Parser::parenthesis() {
  if (depth_ == limits::filter_nesting) return too_deep();
  ++depth_;
  const Span open = token_.span;
  SONDE_TRY(advance());
  auto inner = chain(Expr::Kind::any_of);
  if (!inner) return inner;
  if (token_.kind == TokenKind::end) return complain(source_, open, "'(' is not closed");
  if (!token_.is(")")) return unexpected("')'");
  --depth_;
  SONDE_TRY(advance());
  inner->span = {open.begin, last_end_};
  return inner;
}

Result<Expr> Parser::test() {
  if (token_.kind != TokenKind::word || is_keyword(token_)) {
    return unexpected("a field",
                      token_.kind == TokenKind::literal ? "the field stands on the left, as in fd == 3" : "");
  }
  Expr made;
  made.kind = Expr::Kind::test;
  made.field = std::string(token_.text);
  made.field_span = made.span = token_.span;
  SONDE_TRY(advance());
  SONDE_TRY(operator_of(made));
  if (made.op != Operator::none) {
    SONDE_TRY(right_side(made));
  }
  extend(made.span);
  return made;
}

Result<void> Parser::operator_of(Expr& test) {
  test.op_span = token_.span;
  for (const auto& [text, op] : comparisons) {
    if (token_.is(text)) test.op = op;
  }
  if (token_.is("in")) test.op = Operator::in;
  if (token_.is("has")) test.op = Operator::has;
  if (token_.is("not")) {
    SONDE_TRY(advance());
    if (!token_.is("in")) return unexpected("'in' after 'not'");
    test.op = Operator::not_in;
  }
  if (test.op == Operator::none) return {};
  test.op_span.end = token_.span.end;
  return advance();
}

Result<void> Parser::right_side(Expr& test) {
  const bool takes_set = test.op == Operator::in || test.op == Operator::not_in || test.op == Operator::has;
  if (token_.is("[") || token_.is("{")) {
    if (!takes_set) return unexpected("one value", "a set follows 'in'");
    return set(test, token_.is("[") ? "]" : "}");
  }
  auto first = item();
  if (!first) return Failure(std::move(first.error()));
  if (test.op == Operator::has && token_.kind == TokenKind::literal && first->low.kind == LiteralKind::name) {
    test.part = std::move(first->low.text);
    test.part_span = first->span;
    first = item();
    if (!first) return Failure(std::move(first.error()));
  }
  if (first->range && test.op != Operator::in && test.op != Operator::not_in) {
    return complain(source_, first->span, fmt::format("a range cannot follow '{}'", spelling(test.op)),
                    "ranges follow 'in'");
  }
  test.items.push_back(std::move(*first));
  return {};
}

Result<void> Parser::set(Expr& test, std::string_view close) {
  const Span open = token_.span;
  SONDE_TRY(advance());
  if (token_.is(close))
    return complain(source_, {open.begin, token_.span.end}, "an empty set matches nothing");
  for (;;) {
    if (test.items.size() == limits::filter_set_items) {
      const std::string message = fmt::format("this set has more than {} items", limits::filter_set_items);
      return fail(ErrorCode::limit, diagnostic(source_, token_.span, message));
    }
    auto next = item();
    if (!next) return Failure(std::move(next.error()));
    test.items.push_back(std::move(*next));
    if (token_.is(close)) return advance();
    if (token_.kind == TokenKind::end) {
      return complain(source_, open, fmt::format("'{}' is not closed", close == "]" ? '[' : '{'));
    }
    if (!token_.is(",")) return unexpected(fmt::format("',' or '{}'", close));
    SONDE_TRY(advance());
  }
}

Result<Item> Parser::item() {
  Item made;
  made.span = token_.span;
  auto low = literal();
  if (!low) return Failure(std::move(low.error()));
  made.low = std::move(*low);
  if (token_.is("..")) {
    SONDE_TRY(advance());
    auto high = literal();
    if (!high) return Failure(std::move(high.error()));
    made.high = std::move(*high);
    made.range = true;
  }
  extend(made.span);
  return made;
}

Result<Literal> Parser::literal() {
  Literal made;
  const Span begin = token_.span;
  const bool negative = token_.is("-");
  if (negative) SONDE_TRY(advance());
  if (token_.kind == TokenKind::literal) {
    made = std::move(token_.literal);
  } else if (token_.kind == TokenKind::word && !is_keyword(token_)) {
    made.kind = LiteralKind::name;
    made.text = std::string(token_.text);
    made.span = token_.span;
  } else {
    return unexpected("a value");
  }
  if (negative) {
    if (made.kind != LiteralKind::number) return unexpected("a number after '-'");
    made.number = -made.number;
    made.span.begin = begin.begin;
  }
  SONDE_TRY(advance());
  return made;
}

#undef SONDE_TRY

}  // namespace

const char* spelling(Operator op) {
  switch (op) {
    case Operator::none:
      return "";
    case Operator::eq:
      return "==";
    case Operator::ne:
      return "!=";
    case Operator::lt:
      return "<";
    case Operator::le:
      return "<=";
    case Operator::gt:
      return ">";
    case Operator::ge:
      return ">=";
    case Operator::match:
      return "=~";
    case Operator::not_match:
      return "!~";
    case Operator::in:
      return "in";
    case Operator::not_in:
      return "not in";
    case Operator::has:
      return "has";
  }
  return "";
}

Result<Expr> parse(std::string_view source) {
  if (source.size() > limits::filter_bytes) {
    return fail(ErrorCode::limit, fmt::format("error: this filter is {} bytes long, and the limit is {}",
                                              source.size(), limits::filter_bytes));
  }
  return Parser(source).whole();
}

}  // namespace sonde::filter
