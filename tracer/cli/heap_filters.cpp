// What the tracer leaves out of allocators' calls, since nobody would see it.
#include <memory>
#include <utility>

#include "sonde/cli/filters.hpp"
#include "sonde/filter/event_fields.hpp"

namespace sonde::cli {

namespace {

using event::HeapOperation;
using filter::HeapEntryView;
using record::HeapWant;

bool may_match(const filter::TypedExpr& expression, const HeapEntryView& entry) {
  const auto verdict = filter::evaluate(expression, filter::HeapEntryFields(entry));
  return verdict == filter::Verdict::yes || verdict == filter::Verdict::pending;
}

bool may_match_any(const filter::TypedExpr& expression, HeapOperation operation) {
  return may_match(expression, {.task = {}, .operation = operation, .any_such = true});
}

// What is wanted of calls that the expression cannot match.
struct Rest {
  HeapWant allocations;
  HeapWant others;
};

Rest rest_of(const Settings& settings, bool account) {
  if (settings.only_matching) return {HeapWant::nothing, account ? HeapWant::account : HeapWant::nothing};
  // A line on what is given back tells its age, and whether that was a mistake: only one who knows all calls
  // can tell.
  const filter::TypedExpr& expression = *settings.selection;
  const bool judges = may_match_any(expression, HeapOperation::release) ||
                      may_match_any(expression, HeapOperation::reallocate);
  const HeapWant rest = judges ? HeapWant::account : HeapWant::nothing;
  return {rest, rest};
}

}  // namespace

void push_heap_filters_down(Settings& settings) {
  if (!settings.tracing.heap || !settings.selection || !settings.heap_pushdown) return;
  const bool account = settings.output.summary != Summary::none || settings.records();
  if (account && !settings.only_matching) return;
  settings.tracing.heap_want = [rest = rest_of(settings, account),
                                expression = std::make_shared<const filter::TypedExpr>(*settings.selection)](
                                   const record::HeapCallBegun& call) {
    const HeapEntryView entry{.task = call.task,
                              .operation = call.frame.operation,
                              .function = call.frame.function,
                              .own_name = call.own_name,
                              .address = call.frame.address,
                              .size = call.frame.size};
    if (may_match(*expression, entry)) return HeapWant::all;
    return entry.operation == HeapOperation::allocate ? rest.allocations : rest.others;
  };
}

}  // namespace sonde::cli
