// Sums calls up, and writes the summary when the events end.
#pragma once

#include "sonde/analysis/call_statistics.hpp"
#include "sonde/output/sink.hpp"
#include "sonde/output/stream.hpp"
#include "sonde/output/summary.hpp"

namespace sonde::output {

class SummarySink final : public Sink {
 public:
  enum class Form { text, json, csv };

  SummarySink(Stream& out, Form form, SummaryOrder order, bool per_process);

  void call_entered(const decode::Call&) override {}
  void call_exited(const decode::Call& call) override;
  void call_unfinished(const decode::Call& call, Nanoseconds time, Unfinished why) override;
  void event(const event::Event& event, bool shown) override;
  void finish(Nanoseconds time) override;

 private:
  Stream& out_;
  Form form_;
  SummaryOrder order_;
  analysis::CallStatistics statistics_;
};

}  // namespace sonde::output
