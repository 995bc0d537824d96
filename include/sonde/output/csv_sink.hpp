// CSV as RFC 4180 has it: a header line, CRLF line ends, fields quoted where they must be. One row a call.
#pragma once

#include <string>

#include "sonde/analysis/heap_table.hpp"
#include "sonde/decode/style.hpp"
#include "sonde/decode/text_writer.hpp"
#include "sonde/output/sink.hpp"
#include "sonde/output/stream.hpp"
#include "sonde/output/utc_clock.hpp"

namespace sonde::output {

// The columns, of which those that a row has nothing for are empty:
//   kind         "syscall"; "alloc", "free" and "realloc" of an allocator's calls, which have its function as
//   name, the block as result and as duration_ns how long the block given back was in use; "lost" where
//   events were left out; with CsvOptions::events also "signal", "stop", "process",
//                "note"
//   time         the beginning, UTC: 2026-11-21T03:58:40.639829123Z
//   elapsed_ns   the same, since the start of the trace
//   pid, tid
//   name         the system call; the signal; of a process "started", "named", "exec", "exited", "killed",
//   "detached" nr, abi      of the system call details      the arguments as the text form prints them; a
//   signal's siginfo; a process's exit status, and so on ret          the result as a number, -errno on
//   failure result       as the text form prints it errno        its name duration_ns unfinished   empty for
//   a call that returned, else "died", "detached" or "cut"
struct CsvOptions {
  decode::Style style;
  bool events = false;  // Rows for what is not a system call, too.
};

class CsvSink final : public Sink {
 public:
  // `heap` has been told of each event before; null where no calls of allocators come.
  CsvSink(Stream& out, const CsvOptions& options, const analysis::HeapTable* heap = nullptr);

  void call_entered(const decode::Call&) override {}
  void call_exited(const decode::Call& call) override;
  void call_unfinished(const decode::Call& call, Nanoseconds time, Unfinished why) override;
  void event(const event::Event& event, bool shown) override;
  void finish(Nanoseconds time) override;

 private:
  void begin_row(std::string_view kind, Nanoseconds time, TaskId task);
  void append_call(const decode::Call& call);
  // `details` is quoted, the rest of the row's columns stay empty.
  void event_row(std::string_view kind, const event::Event& event, std::string_view name,
                 std::string_view details);
  void heap_row(const event::HeapCall& call, const event::Event& event);
  void end_row();

  Stream& out_;
  std::string& line_;  // The stream's buffer.
  CsvOptions options_;
  const analysis::HeapTable* heap_;
  std::string field_;  // One that may need quotes.
  decode::TextWriter writer_;
  UtcClock clock_;
  Nanoseconds start_ = 0;
};

}  // namespace sonde::output
