// The filter language's lexer and parser: any bytes give a tree within the limits, or an error that says
// where.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sonde/base/limits.hpp"
#include "sonde/filter/parser.hpp"

namespace {

using sonde::filter::Expr;

// Parentheses, negations, and a level of || and && inside each.
constexpr std::size_t deepest = 3 * sonde::limits::filter_nesting + 3;

void walk(const Expr& expr, std::size_t size, std::size_t depth) {
  if (depth > deepest || expr.span.begin > expr.span.end || expr.span.end > size) std::abort();
  const bool test = expr.kind == Expr::Kind::test;
  if (test != expr.operands.empty() || expr.items.size() > sonde::limits::filter_set_items) std::abort();
  for (const Expr& operand : expr.operands) walk(operand, size, depth + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto expr = sonde::filter::parse(text);
  if (expr) {
    walk(*expr, size, 0);
  } else if (!expr.error().context.starts_with("error: ") || expr.error().context.size() > 1000) {
    std::abort();
  }
  return 0;
}
