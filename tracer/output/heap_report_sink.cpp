#include "sonde/output/heap_report_sink.hpp"

#include "output/text.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::output {

HeapReportSink::HeapReportSink(Stream& out, Stream* notices, Form form, const HeapReportOptions& options,
                               const analysis::HeapTable& table, const StackSource& stacks)
    : out_(out), notices_(notices), form_(form), options_(options), table_(table), stacks_(stacks) {}

// The account has all blocks still.
void HeapReportSink::keep_contents(pid_t pid, const event::MemoryCopied& copied) {
  if (!options_.copied) return;
  const auto memory = options_.copied(copied);
  const analysis::ProcessHeap* heap = table_.heap_of(pid);
  if (memory == nullptr || heap == nullptr || last_contents_.size() == limits::heap_processes) return;
  last_contents_.insert_or_assign(heap->id(), contents_of(*heap, options_.top, options_.contents, *memory));
}

void HeapReportSink::event(const event::Event& event, bool) {
  if (const auto* copied = std::get_if<event::MemoryCopied>(&event.payload))
    return keep_contents(event.task.pid, *copied);
  const auto* note = std::get_if<event::Note>(&event.payload);
  if (note == nullptr || notices_ == nullptr) return;
  notices_->buffer() += "sonde: ";
  append_printable(notices_->buffer(), note->text);
  notices_->buffer() += '\n';
  notices_->flush();
}

void HeapReportSink::finish(Nanoseconds) { write(false); }

void HeapReportSink::report() { write(true); }

void HeapReportSink::write(bool so_far) {
  HeapReportOptions options = options_;
  options.so_far = so_far;
  switch (form_) {
    case Form::text:
      out_.buffer() += heap_report_text(table_, stacks_, options, last_contents_);
      if (so_far) out_.buffer() += '\n';
      break;
    case Form::json:
      out_.buffer() += heap_report_json(table_, stacks_, options, last_contents_);
      break;
    case Form::csv:
      out_.buffer() += heap_report_csv(table_, stacks_, options);
      break;
  }
  out_.commit();
}

}  // namespace sonde::output
