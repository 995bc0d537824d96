#include "sonde/cli/outputs.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "cli/growth_sink.hpp"
#include "cli/leak_sink.hpp"
#include "sonde/base/clock.hpp"
#include "sonde/cli/message.hpp"
#include "sonde/output/csv_sink.hpp"
#include "sonde/output/heap_report_sink.hpp"
#include "sonde/output/json_sink.hpp"
#include "sonde/output/summary_sink.hpp"
#include "sonde/output/text_sink.hpp"

namespace sonde::cli {

namespace {

output::TextOptions text_options(const Settings& settings) {
  const OutputSettings& out = settings.output;
  output::TextOptions options;
  options.style = out.style;
  const bool to_file = !out.path.empty() && settings.verb != Verb::report;
  options.pid_prefix = to_file && settings.tracing.follow_children ? output::PidPrefix::always
                                                                   : output::PidPrefix::when_several;
  options.clock = static_cast<output::Clock>(out.clock);
  options.relative = out.relative;
  options.durations = out.durations;
  options.syscall_number = out.syscall_numbers;
  options.instruction_pointer = out.instruction_pointers;
  options.stacks = settings.print_stacks;
  options.column = out.column;
  options.quiet = out.quiet;
  return options;
}

std::unique_ptr<output::Sink> event_sink(const Settings& settings, output::Stream& out,
                                         output::Stream& notices, const StackNames* names,
                                         const analysis::HeapTable* heap) {
  const auto* stacks = names != nullptr ? &names->source() : nullptr;
  const decode::Style& style = settings.output.style;
  switch (settings.output.format) {
    case Format::text:
      break;
    case Format::json:
      return std::make_unique<output::JsonSink>(out, style, stacks, settings.print_stacks, heap);
    case Format::csv:
      return std::make_unique<output::CsvSink>(out, output::CsvOptions{style, false}, heap);
  }
  return std::make_unique<output::TextSink>(out, notices, text_options(settings), stacks, heap);
}

std::unique_ptr<output::Sink> summary_sink(const OutputSettings& settings, output::Stream& out) {
  using Form = output::SummarySink::Form;
  const Form form = settings.format == Format::json  ? Form::json
                    : settings.format == Format::csv ? Form::csv
                                                     : Form::text;
  const auto order = output::summary_order_named(settings.summary_sort).value_or(output::SummaryOrder::time);
  return std::make_unique<output::SummarySink>(out, form, order, settings.summary_per_process);
}

std::unique_ptr<output::HeapReportSink> heap_report_sink(const OutputSettings& settings, output::Stream& out,
                                                         output::Stream* notices,
                                                         const analysis::HeapTable& heap,
                                                         const StackNames& stacks) {
  using Form = output::HeapReportSink::Form;
  const Form form = settings.format == Format::json  ? Form::json
                    : settings.format == Format::csv ? Form::csv
                                                     : Form::text;
  return std::make_unique<output::HeapReportSink>(out, notices, form, settings.heap, heap, stacks.source());
}

// The arguments as typed, without what --redact leaves out: the program's own, and what -E sets. A report
// takes sonde's options from them, so each keeps its place.
std::vector<std::string> kept_arguments(const Settings& settings) {
  std::vector<std::string> kept = settings.arguments;
  const record::Options& tracing = settings.tracing;
  if (tracing.redact_strings || tracing.redact_paths) {
    for (std::size_t i = 0; i < std::min(settings.command.size(), kept.size()); ++i)
      kept[kept.size() - 1 - i] = "redacted";
  }
  for (const std::string& change : settings.environment) {
    if (!tracing.redact_environment) break;
    for (std::string& argument : kept) {
      if (argument.ends_with(change))
        argument.replace(argument.size() - change.size(), change.size(), "REDACTED=");
    }
  }
  return kept;
}

event::TraceMetadata metadata_of(const Settings& settings) {
  event::TraceMetadata metadata{{"version", SONDE_VERSION}};
  for (const auto& argument : kept_arguments(settings)) metadata.emplace_back("argument", argument);
  return metadata;
}

// Lines alone tell what the account knows only where it knows of every block.
bool keeps_heap_account(const Settings& settings) {
  return settings.tracing.heap && (!settings.only_matching || settings.output.summary != Summary::none);
}

// Where nothing is written before the report, and the terminal is not the program's as well.
bool shows_progress(const Settings& settings) {
  return settings.verb == Verb::attach && settings.reports_heap() &&
         settings.output.summary == Summary::only && ::isatty(STDERR_FILENO) == 1;
}

// A descriptor of our own for one of the standard ones, which the program must not inherit.
UniqueFd duplicate(int fd) { return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

}  // namespace

Result<Outputs> Outputs::open(const Settings& settings) {
  Outputs outputs;
  // A report has the stacks that the recording has.
  if (settings.tracing.stacks || settings.tracing.crash_reports || settings.tracing.heap ||
      settings.verb == Verb::report) {
    outputs.stacks_ = std::make_unique<StackNames>(settings);
  }
  const bool recording = settings.records();
  if (recording) {
    auto trace = event::TraceFileWriter::create(settings.trace_file, metadata_of(settings));
    if (!trace) return Failure(trace.error());
    outputs.trace_.emplace(*std::move(trace));
    outputs.trace_name_ = settings.trace_file;
  }
  if (recording && settings.output.path.empty()) return outputs;
  if (keeps_heap_account(settings)) {
    using Counts = analysis::HeapTable::Counts;
    const bool sampled = settings.tracing.sample > 1 || settings.tracing.max_rate != 0;
    outputs.heap_ = std::make_unique<analysis::HeapTable>(settings.only_matching ? Counts::matching
                                                          : sampled              ? Counts::sampled
                                                                                 : Counts::all);
  }

  output::Target target;
  if (settings.output.path.empty() && settings.verb == Verb::report) {
    target = {duplicate(STDOUT_FILENO), 0, "standard output"};
  } else {
    auto opened = output::open_target(settings.output.path, settings.output.append);
    if (!opened) return Failure(opened.error());
    target = *std::move(opened);
  }
  outputs.name_ = target.name;
  outputs.command_ = target.command;
  outputs.out_ = std::make_unique<output::Stream>(std::move(target.fd), settings.output.max_bytes);
  output::Stream* notices = outputs.out_.get();
  if (!settings.output.path.empty()) {
    outputs.notices_ = std::make_unique<output::Stream>(duplicate(STDERR_FILENO));
    notices = outputs.notices_.get();
  }
  if (settings.output.summary != Summary::only) {
    outputs.sinks_.push_back(
        event_sink(settings, *outputs.out_, *notices, outputs.stacks_.get(), outputs.heap_.get()));
  }
  if (settings.output.summary != Summary::none && settings.tracing.system_calls) {
    outputs.sinks_.push_back(summary_sink(settings.output, *outputs.out_));
  }
  if (settings.leaks.wanted) {
    auto check = LeakCheck::make(settings.leaks);
    if (!check) return Failure(check.error());
    auto sink = std::make_unique<LeakSink>(*outputs.out_, settings.tracing.memory_file, *std::move(check),
                                           *outputs.heap_, *outputs.stacks_);
    outputs.leak_sink_ = sink.get();
    outputs.sinks_.push_back(std::move(sink));
  } else if (settings.growth.wanted) {
    auto sink =
        std::make_unique<GrowthSink>(*outputs.out_, settings.growth, *outputs.heap_, *outputs.stacks_);
    outputs.growth_sink_ = sink.get();
    outputs.sinks_.push_back(std::move(sink));
  } else if (settings.output.summary != Summary::none && outputs.heap_) {
    auto report = heap_report_sink(settings.output, *outputs.out_,
                                   settings.output.summary == Summary::only ? notices : nullptr,
                                   *outputs.heap_, *outputs.stacks_);
    outputs.heap_report_ = report.get();
    outputs.sinks_.push_back(std::move(report));
  }
  if (shows_progress(settings)) outputs.progress_.emplace(STDERR_FILENO, *outputs.heap_);
  return outputs;
}

std::vector<output::Sink*> Outputs::sinks() const {
  std::vector<output::Sink*> sinks;
  for (const auto& sink : sinks_) sinks.push_back(sink.get());
  return sinks;
}

void Outputs::append(Bytes frames) {
  if (!trace_ || trace_error_) return;
  // The names first: whatever has a stack comes after what it is called.
  if (stacks_) {
    const auto names = stacks_->take_name_frames();
    if (auto done = trace_->append(std::as_bytes(std::span(names))); !done) trace_error_ = done.error();
  }
  if (trace_error_) return;
  if (auto done = trace_->append(frames); !done) trace_error_ = done.error();
}

void Outputs::flush() {
  // Notices may go to the same terminal.
  if (progress_ && notices_ && !notices_->buffer().empty()) progress_->hide();
  if (out_) out_->flush();
  if (notices_) notices_->flush();
}

void Outputs::report_heap() {
  if (heap_report_ == nullptr && growth_sink_ == nullptr) return;
  if (progress_) progress_->hide();
  if (heap_report_ != nullptr) heap_report_->report();
  if (growth_sink_ != nullptr) growth_sink_->report(now());
  flush();
}

void Outputs::end_round() {
  if (growth_sink_ != nullptr) growth_sink_->end_round(now());
}

void Outputs::show_progress() {
  if (progress_) progress_->show(now());
}

void Outputs::end_progress() {
  if (progress_) progress_->hide();
  progress_.reset();
}

bool Outputs::finish() {
  if (trace_ && !trace_error_) {
    if (auto done = trace_->finish(); !done) trace_error_ = done.error();
    if (trace_error_) complain(why_ended());
  }
  flush();
  const bool written = !out_ || out_->state() != output::Stream::State::failed;
  const bool good = written && !trace_error_;
  out_.reset();
  notices_.reset();
  return good;
}

bool Outputs::found_leaks() const {
  return (leak_sink_ != nullptr && leak_sink_->found()) || (growth_sink_ != nullptr && growth_sink_->found());
}

bool Outputs::ended() const { return trace_error_ || (out_ && out_->state() != output::Stream::State::open); }

std::string Outputs::why_ended() const {
  if (trace_error_) return trace_error_->message();
  if (!out_ || !out_->error() || out_->error()->errno_value == EPIPE) return {};
  return fmt::format("cannot write to {}: {}", name_, out_->error()->message());
}

void Outputs::abandon() {
  heap_report_ = nullptr;
  leak_sink_ = nullptr;
  growth_sink_ = nullptr;
  progress_.reset();
  sinks_.clear();
  out_.reset();
  notices_.reset();
  trace_.reset();
}

}  // namespace sonde::cli
