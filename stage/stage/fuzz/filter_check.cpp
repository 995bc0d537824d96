// The filter language's type checker, explanations and strace forms. What is accepted must print as text that
// is accepted again and prints the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sonde/filter/event_fields.hpp"
#include "sonde/filter/explain.hpp"
#include "sonde/filter/strace_forms.hpp"

namespace {

// Compiling a regular expression of this size, and 64 KiB of tests for each of 900 calls, is slow under
// sanitizers.
constexpr std::size_t longest = 2048;

void demand(bool holds) {
  if (!holds) std::abort();
}

void check(const sonde::filter::TypedExpr& expr) {
  using namespace sonde::filter;
  const std::string text = to_text(expr.root);
  const auto again = compile(text);
  demand(again.has_value());
  demand(to_text(again->root) == text);
  demand(explain(expr) == explain(*again));
  demand(required_capture(expr).paths == required_capture(*again).paths);
  // An event with nothing of its own never decides a call's expression wrongly: the same both times.
  const OriginFields fields(Origin{}, EventKind::process);
  demand(evaluate(expr, fields) == evaluate(*again, fields));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sonde::filter;
  if (size > longest) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto expr = compile(text)) {
    check(*expr);
  } else {
    demand(expr.error().context.starts_with("error: "));
  }
  Selection selection;
  if (const auto added = selection.add(text)) {
    (void)selection.add_path(text);
    (void)selection.expression();
  } else {
    demand(added.error().context.starts_with("error: "));
  }
  return 0;
}
