// JSON lines: one object a line, one line a call. docs/json.md describes the records, docs/events.schema.json
// checks them.
#pragma once

#include "sonde/analysis/heap_table.hpp"
#include "sonde/decode/style.hpp"
#include "sonde/output/json_writer.hpp"
#include "sonde/output/sink.hpp"
#include "sonde/output/stack_text.hpp"
#include "sonde/output/stream.hpp"
#include "sonde/output/utc_clock.hpp"

namespace sonde::output {

// A call is written when it returns, or when it is known that it will not.
class JsonSink final : public Sink {
 public:
  // `style` says how much of a value is shown; its text options have no effect. `stacks`: what the stacks of
  // crashes are told by and, with `of_each`, those of calls and signals (-k); `heap`: that has been told of
  // each event before, for the calls of allocators. Null for none.
  JsonSink(Stream& out, const decode::Style& style, const StackSource* stacks = nullptr, bool of_each = false,
           const analysis::HeapTable* heap = nullptr);

  void call_entered(const decode::Call&) override {}
  void call_exited(const decode::Call& call) override;
  void call_unfinished(const decode::Call& call, Nanoseconds time, Unfinished why) override;
  void event(const event::Event& event, bool shown) override;
  void finish(Nanoseconds time) override;

 private:
  void begin_record(std::string_view kind, Nanoseconds time);
  void append_task(TaskId task);
  void append_call(const decode::Call& call);
  void append_exit(const decode::Call& call);
  void append_stack(std::uint32_t id, pid_t pid);
  void append_site(std::uint32_t id, pid_t pid);
  void append_siginfo(const siginfo_t& info);
  void end_record();

  void on(const event::Session& session, const event::Event& event);
  void on(const event::TaskStarted& started, const event::Event& event);
  void on(const event::TaskName& name, const event::Event& event);
  void on(const event::SyscallEnter& enter, const event::Event& event);
  void on(const event::SyscallExit& exit, const event::Event& event);
  void on(const event::Signal& signal, const event::Event& event);
  void on(const event::GroupStop& stop, const event::Event& event);
  void on(const event::Exec& exec, const event::Event& event);
  void on(const event::TaskEnded& ended, const event::Event& event);
  void on(const event::TaskDetached& detached, const event::Event& event);
  void on(const event::Lost& lost, const event::Event& event);
  void on(const event::Note& note, const event::Event& event);
  void on(const event::Crash& crash, const event::Event& event);
  void on(const event::ThreadStack& thread, const event::Event& event);
  void on(const event::HeapCall& call, const event::Event& event);
  // What stacks are made of comes to the sinks with the events that have them.
  void on(const event::Module&, const event::Event&) {}
  void on(const event::Stack&, const event::Event&) {}
  void on(const event::FrameNames&, const event::Event&) {}
  void on(const event::MemoryUse&, const event::Event&) {}     // The heap's report has it.
  void on(const event::MemoryCopied&, const event::Event&) {}  // For who looks for leaks.
  void on(const event::RoundBegan&, const event::Event&) {}    // For who looks for growth.

  Stream& out_;
  std::string& line_;  // The stream's buffer.
  decode::Style style_;
  const StackSource* stacks_;
  const bool stack_of_each_;
  const analysis::HeapTable* heap_;
  JsonWriter writer_;
  std::string result_;  // A result, before it is known whether it says more than the number.
  JsonWriter result_writer_;
  UtcClock clock_;
  Nanoseconds start_ = 0;
};

}  // namespace sonde::output
