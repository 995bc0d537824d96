#include "sonde/output/summary_sink.hpp"

#include "output/text.hpp"

namespace sonde::output {

SummarySink::SummarySink(Stream& out, Form form, SummaryOrder order, bool per_process)
    : out_(out), form_(form), order_(order), statistics_(per_process) {}

void SummarySink::call_exited(const decode::Call& call) {
  statistics_.apply(
      {call.task, call.abi, call.nr, elapsed(call.enter_time, call.exit->time), call.exit->failed});
}

void SummarySink::call_unfinished(const decode::Call& call, Nanoseconds time, Unfinished) {
  if (never_returns(*call.row)) return;  // As strace counts: it has done what it is for, and took no time.
  statistics_.apply({call.task, call.abi, call.nr, elapsed(call.enter_time, time), false, true});
}

void SummarySink::event(const event::Event& event, bool) {
  if (const auto* name = std::get_if<event::TaskName>(&event.payload)) {
    statistics_.name_process(event.task.pid, name->comm);
  }
}

void SummarySink::finish(Nanoseconds) {
  switch (form_) {
    case Form::text:
      out_.buffer() += summary_text(statistics_, order_);
      break;
    case Form::json:
      out_.buffer() += summary_json(statistics_, order_);
      break;
    case Form::csv:
      out_.buffer() += summary_csv(statistics_, order_);
      break;
  }
  out_.commit();
}

}  // namespace sonde::output
