// Writes the report on the heaps when the events end, and whenever it is asked for.
#pragma once

#include "sonde/output/heap_report.hpp"
#include "sonde/output/sink.hpp"
#include "sonde/output/stream.hpp"

namespace sonde::output {

class HeapReportSink final : public EventSink {
 public:
  enum class Form { text, json, csv };

  // `table` and `stacks` are told of each event before; `notices` gets what the tracer has to say, where
  // nobody else prints it: null then.
  HeapReportSink(Stream& out, Stream* notices, Form form, const HeapReportOptions& options,
                 const analysis::HeapTable& table, const StackSource& stacks);

  void event(const event::Event& event, bool shown) override;
  void finish(Nanoseconds time) override;
  // What there is to say so far. Events may follow, and another report.
  void report();

 private:
  Stream& out_;
  Stream* notices_;
  void write(bool so_far);
  void keep_contents(pid_t pid, const event::MemoryCopied& copied);

  Form form_;
  HeapReportOptions options_;
  const analysis::HeapTable& table_;
  const StackSource& stacks_;
  LastContents last_contents_;
};

}  // namespace sonde::output
