// The text form: strace's lines, byte for byte.
#pragma once

#include <ctime>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "sonde/analysis/heap_table.hpp"
#include "sonde/decode/style.hpp"
#include "sonde/decode/text_writer.hpp"
#include "sonde/output/sink.hpp"
#include "sonde/output/stack_text.hpp"
#include "sonde/output/stream.hpp"

namespace sonde::output {

enum class PidPrefix {
  never,
  when_several,  // "[pid  4242] " while more than one task is traced: strace on standard error.
  always,        // "4242  ": strace -f -o FILE.
};

enum class Clock {
  none,
  seconds,       // -t: 14:02:09, of the local time zone.
  microseconds,  // -tt: 14:02:09.001234
  unix_time,     // -ttt: 1795233520.672135
};

struct TextOptions {
  decode::Style style;
  PidPrefix pid_prefix = PidPrefix::when_several;
  Clock clock = Clock::none;
  bool relative = false;             // -r: the time since the line before.
  bool durations = false;            // -T: <0.000021> after the result.
  bool syscall_number = false;       // -n: [  61]
  bool instruction_pointer = false;  // -i: [00007f736659cbd3], of the task's last system call.
  bool stacks = false;               // -k: the stack below each call and signal.
  unsigned column = 40;              // -a: where "= result" stands.
  unsigned quiet = 0;  // -q: 1 leaves out attaching, detaching and modes, 2 exits, 3 what exec superseded.
};

// One line a call, except where tasks interleave: the line of a call that is interrupted by another task's
// ends in
// "<unfinished ...>" and is taken up by "<... name resumed>".
class TextSink final : public Sink {
 public:
  // `notices` gets "sonde: Process 123 attached" and the tracer's notes. When it is `out` itself, they stand
  // between lines: a line that is being written is ended first. `stacks`: what the stacks of events
  // and crashes are told by; `heap`: that has been told of each event before, for the calls of allocators.
  // Null for none.
  TextSink(Stream& out, Stream& notices, const TextOptions& options, const StackSource* stacks = nullptr,
           const analysis::HeapTable* heap = nullptr);

  void call_entered(const decode::Call& call) override;
  void call_exited(const decode::Call& call) override;
  void call_unfinished(const decode::Call& call, Nanoseconds time, Unfinished why) override;
  void event(const event::Event& event, bool shown) override;
  void finish(Nanoseconds time) override;

 private:
  struct Place {
    std::uint32_t nr;
    std::uint64_t instruction_pointer;
  };

  void begin_line(pid_t tid, Nanoseconds time, bool gone = false);
  void end_line();
  void interrupt_line();
  void append_pid(pid_t tid);
  void append_time(Nanoseconds time);
  void append_local_time(Nanoseconds real);
  void append_place(pid_t tid, bool gone);
  // Continues the line of a call, or begins a new one that takes it up; false when the call was not begun.
  bool resume(const decode::Call& call, Nanoseconds time);
  void begin_call(const decode::Call& call);
  // "[ Process PID=4242 runs in 32 bit mode. ]", when the task's ABI is not that of its last call.
  void tell_mode(const decode::Call& call);
  void append_arguments(const decode::Call& call, unsigned first, unsigned last);
  void append_result(std::string_view before);
  void append_stack(std::uint32_t id, pid_t pid);
  void notice(std::string_view text);

  void on(const event::Session& session, const event::Event& event, bool shown);
  void on(const event::TaskStarted& started, const event::Event& event, bool shown);
  void on(const event::TaskName& name, const event::Event& event, bool shown);
  void on(const event::SyscallEnter& enter, const event::Event& event, bool shown);
  void on(const event::SyscallExit& exit, const event::Event& event, bool shown);
  void on(const event::Signal& signal, const event::Event& event, bool shown);
  void on(const event::GroupStop& stop, const event::Event& event, bool shown);
  void on(const event::Exec& exec, const event::Event& event, bool shown);
  void on(const event::TaskEnded& ended, const event::Event& event, bool shown);
  void on(const event::TaskDetached& detached, const event::Event& event, bool shown);
  void on(const event::Lost& lost, const event::Event& event, bool shown);
  void on(const event::Note& note, const event::Event& event, bool shown);
  void on(const event::Crash& crash, const event::Event& event, bool shown);
  void on(const event::ThreadStack& thread, const event::Event& event, bool shown);
  void on(const event::HeapCall& call, const event::Event& event, bool shown);
  // What stacks are made of comes to the sinks with the events that have them.
  void on(const event::Module&, const event::Event&, bool) {}
  void on(const event::Stack&, const event::Event&, bool) {}
  void on(const event::FrameNames&, const event::Event&, bool) {}
  void on(const event::MemoryUse&, const event::Event&, bool) {}     // The heap's report has it.
  void on(const event::MemoryCopied&, const event::Event&, bool) {}  // For who looks for leaks.
  void on(const event::RoundBegan&, const event::Event&, bool) {}    // For who looks for growth.
  void forget(pid_t tid);

  Stream& out_;
  std::string& line_;  // The stream's buffer.
  Stream& notices_;
  TextOptions options_;
  const StackSource* stacks_;
  const analysis::HeapTable* heap_;
  decode::TextWriter writer_;
  std::string padding_;

  pid_t open_ = 0;                           // The task whose call's line is not ended yet.
  std::uint64_t line_start_ = 0;             // Of the last line begun, in the stream.
  std::string kept_notices_;                 // For when the open line ends.
  std::unordered_set<pid_t> interrupted_;    // Tasks whose call's line was ended unfinished.
  std::unordered_set<pid_t> tasks_;          // Traced now.
  std::unordered_map<pid_t, Place> places_;  // Of each task's last call, for -n and -i.
  std::unordered_map<pid_t, Abi> modes_;     // Of tasks whose last call was not of x86-64's ABI.
  std::unordered_map<pid_t, std::string_view> restarting_;  // What restart_syscall will take up.

  std::int64_t realtime_offset_ = 0;
  Nanoseconds last_line_time_ = 0;
  std::time_t clock_second_ = -1;
  std::string clock_text_;  // clock_second_, as -t prints it.
};

}  // namespace sonde::output
