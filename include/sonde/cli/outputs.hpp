// The outputs of one invocation: opened before anything starts, so that what cannot be written is said first.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sonde/analysis/heap_table.hpp"
#include "sonde/base/result.hpp"
#include "sonde/cli/settings.hpp"
#include "sonde/cli/stack_names.hpp"
#include "sonde/event/trace_file.hpp"
#include "sonde/output/heap_progress.hpp"
#include "sonde/output/heap_report_sink.hpp"
#include "sonde/output/sink.hpp"
#include "sonde/output/stream.hpp"
#include "sonde/output/target.hpp"

namespace sonde::cli {

class GrowthSink;
class LeakSink;

class Outputs {
 public:
  // Opens the output, and the trace file when `settings` name one to be written.
  static Result<Outputs> open(const Settings& settings);

  // The sinks to be told; they write to streams that this owns.
  std::vector<output::Sink*> sinks() const;
  // The stacks of the events, to be told of each; null where none are taken.
  StackNames* stacks() const { return stacks_.get(); }
  // The account of heaps, to be told of each event; null where no allocator is watched.
  analysis::HeapTable* heap() const { return heap_.get(); }
  // Writes whole frames to the trace file, if there is one, with the names of the stacks among them.
  void append(Bytes frames);
  // To be called when nothing more is to be read for now.
  void flush();
  // No more events will come: the terminal belongs to what is written of them.
  void end_progress();
  // Shows on a terminal how a watch of heaps goes on. To be called often.
  void show_progress();
  // Writes the report on the heap, or its growth, so far, if there is to be one; more events may follow.
  void report_heap();
  // A round of the program's work ends.
  void end_round();
  // Ends the trace file and writes what is left. False when something was not written.
  bool finish();
  // No more can be written, or is wanted: a closed pipe, a full disk, --max-output.
  bool ended() const;
  // Why, for the user; empty when it needs no words (a closed pipe).
  std::string why_ended() const;
  // The command of -o '|command', to be waited for; 0 for none.
  pid_t command() const { return command_; }
  // Whether leaks, or growth, were found that are to make the exit status tell of it.
  bool found_leaks() const;
  // In a process that does not write: closes the descriptors.
  void abandon();

 private:
  std::unique_ptr<StackNames> stacks_;
  std::unique_ptr<analysis::HeapTable> heap_;
  std::unique_ptr<output::Stream> out_;
  std::unique_ptr<output::Stream> notices_;
  std::vector<std::unique_ptr<output::Sink>> sinks_;
  output::HeapReportSink* heap_report_ = nullptr;  // One of them.
  LeakSink* leak_sink_ = nullptr;                  // Another.
  GrowthSink* growth_sink_ = nullptr;              // And another.
  std::optional<output::HeapProgress> progress_;
  std::optional<event::TraceFileWriter> trace_;
  std::optional<Error> trace_error_;
  std::string trace_name_;
  std::string name_;  // Of the output, for messages.
  pid_t command_ = 0;
};

}  // namespace sonde::cli
