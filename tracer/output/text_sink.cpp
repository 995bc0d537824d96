#include "sonde/output/text_sink.hpp"

#include <iterator>
#include <sys/wait.h>

#include <fmt/format.h>

#include "output/heap_call.hpp"
#include "output/text.hpp"
#include "sonde/decode/render.hpp"
#include "sonde/decode/siginfo.hpp"
#include "sonde/output/crash_text.hpp"
#include "sonde/syscall/constants.hpp"

namespace sonde::output {

namespace {

constexpr Nanoseconds second = 1'000'000'000;
constexpr int erestart_restartblock = 516;

}  // namespace

TextSink::TextSink(Stream& out, Stream& notices, const TextOptions& options, const StackSource* stacks,
                   const analysis::HeapTable* heap)
    : out_(out),
      line_(out.buffer()),
      notices_(notices),
      options_(options),
      stacks_(stacks),
      heap_(heap),
      writer_(out.buffer(), options.style.hex_strings),
      padding_(options.column, ' ') {}

void TextSink::call_entered(const decode::Call& call) {
  const pid_t tid = call.task.tid;
  begin_call(call);
  if (call.row->name == "restart_syscall") {
    const auto interrupted = restarting_.find(tid);
    append(line_, "<... resuming interrupted {} ...>",
           interrupted == restarting_.end() ? "system call" : interrupted->second);
  } else {
    append_arguments(call, 0, decode::arguments_known_at_entry(*call.row));
  }
  // Nothing can come between these calls and their task's end, which other tasks' lines would tear apart.
  if (never_returns(*call.row)) {
    append_result(")");
    line_ += '?';
    end_line();
    append_stack(call.entered.stack(), call.task.pid);
  } else {
    open_ = tid;
  }
  out_.commit();
}

void TextSink::call_exited(const decode::Call& call) {
  const bool resumed = resume(call, call.exit->time);
  if (!resumed) begin_call(call);
  const unsigned known = resumed ? decode::arguments_known_at_entry(*call.row) : 0;
  if (call.row->name != "restart_syscall") append_arguments(call, known, call.row->argument_count);
  append_result(")");
  decode::render_result(call, options_.style, writer_);
  if (options_.durations) {
    line_ += " <";
    append_seconds(line_, elapsed(call.enter_time, call.exit->time));
    line_ += '>';
  }
  end_line();
  append_stack(call.entered.stack(), call.task.pid);
  if (call.exit->failed && call.exit->ret == -erestart_restartblock) {
    if (call.row->name != "restart_syscall") restarting_[call.task.tid] = call.row->name;
  } else if (!restarting_.empty()) {
    restarting_.erase(call.task.tid);
  }
  out_.commit();
}

void TextSink::call_unfinished(const decode::Call& call, Nanoseconds time, Unfinished why) {
  const pid_t tid = call.task.tid;
  if (never_returns(*call.row)) return;
  if (why == Unfinished::died) {
    if (!resume(call, time)) begin_call(call);
    const bool more = decode::arguments_known_at_entry(*call.row) < call.row->argument_count;
    append_result(more ? " <unfinished ...>)" : ")");
    line_ += '?';
    end_line();
    append_stack(call.entered.stack(), call.task.pid);
  } else if (open_ == tid) {
    line_ += why == Unfinished::detached ? " <detached ...>" : " <unfinished ...>";
    end_line();
  }
  out_.commit();
}

void TextSink::event(const event::Event& event, bool shown) {
  std::visit([&](const auto& payload) { on(payload, event, shown); }, event.payload);
  out_.commit();
}

void TextSink::finish(Nanoseconds) {
  interrupt_line();
  line_ += std::exchange(kept_notices_, {});
  out_.commit();
}

void TextSink::begin_call(const decode::Call& call) {
  if (options_.syscall_number || options_.instruction_pointer) {
    places_[call.task.tid] = {call.nr, call.instruction_pointer};
  }
  if (call.abi != Abi::x86_64 || !modes_.empty()) tell_mode(call);
  begin_line(call.task.tid, call.enter_time);
  append_name(line_, call);
  line_ += '(';
}

void TextSink::tell_mode(const decode::Call& call) {
  const pid_t tid = call.task.tid;
  const auto known = modes_.find(tid);
  if (call.abi == (known == modes_.end() ? Abi::x86_64 : known->second)) return;
  if (call.abi == Abi::x86_64) {
    modes_.erase(tid);
  } else {
    modes_[tid] = call.abi;
  }
  if (options_.quiet >= 1) return;
  begin_line(tid, call.enter_time);
  append(line_, "[ Process PID={} runs in {} mode. ]", tid, mode_text(call.abi));
  end_line();
}

bool TextSink::resume(const decode::Call& call, Nanoseconds time) {
  const pid_t tid = call.task.tid;
  if (open_ == tid) {
    open_ = 0;
    return true;
  }
  if (interrupted_.empty() || interrupted_.erase(tid) == 0) return false;
  begin_line(tid, time);
  line_ += "<... ";
  append_name(line_, call);
  line_ += " resumed>";
  return true;
}

// Arguments from `first` up to `last`, with commas between them and after them when one that is shown
// follows.
void TextSink::append_arguments(const decode::Call& call, unsigned first, unsigned last) {
  unsigned shown = first;
  while (shown < last && !decode::argument_shown(call, shown)) ++shown;
  while (shown < last) {
    decode::render_argument(call, shown, options_.style, writer_);
    do {
      if (++shown >= call.row->argument_count) return;
    } while (!decode::argument_shown(call, shown));
    line_ += ", ";
  }
}

void TextSink::append_result(std::string_view before) {
  line_ += before;
  line_ += ' ';
  const std::uint64_t column = out_.position() - line_start_;
  if (column < padding_.size()) line_.append(padding_, 0, padding_.size() - static_cast<std::size_t>(column));
  line_ += "= ";
}

void TextSink::append_stack(std::uint32_t id, pid_t pid) {
  if (options_.stacks && stacks_ != nullptr && id != 0) append_stack_text(line_, *stacks_, id, pid);
}

void TextSink::begin_line(pid_t tid, Nanoseconds time, bool gone) {
  interrupt_line();
  if (!kept_notices_.empty()) line_ += std::exchange(kept_notices_, {});
  line_start_ = out_.position();
  append_pid(tid);
  append_time(time);
  if (options_.syscall_number || options_.instruction_pointer) append_place(tid, gone);
}

void TextSink::end_line() {
  open_ = 0;
  line_ += '\n';
  if (!kept_notices_.empty()) line_ += std::exchange(kept_notices_, {});
}

void TextSink::interrupt_line() {
  if (open_ == 0) return;
  line_ += " <unfinished ...>\n";
  interrupted_.insert(std::exchange(open_, 0));
}

void TextSink::append_pid(pid_t tid) {
  switch (options_.pid_prefix) {
    case PidPrefix::never:
      return;
    case PidPrefix::when_several:
      if (tasks_.size() > 1) append(line_, "[pid {:5}] ", tid);
      return;
    case PidPrefix::always:
      return append(line_, "{:<5} ", tid);
  }
}

void TextSink::append_time(Nanoseconds time) {
  if (options_.clock == Clock::none && !options_.relative) return;
  const Nanoseconds real = time + static_cast<std::uint64_t>(realtime_offset_);
  if (options_.clock == Clock::unix_time) {
    append_seconds(line_, real);
    line_ += ' ';
  } else if (options_.clock != Clock::none) {
    append_local_time(real);
  }
  if (options_.relative) {
    // A call that is shown at its exit has its entry's time, which may lie before the last line's.
    const Nanoseconds since = last_line_time_ == 0 ? 0 : elapsed(last_line_time_, time);
    last_line_time_ = std::max(last_line_time_, time);
    if (options_.clock != Clock::none) line_ += "(+";
    append(line_, "{:6}.{:06}", since / second, since % second / 1000);
    line_ += options_.clock != Clock::none ? ") " : " ";
  }
}

void TextSink::append_local_time(Nanoseconds real) {
  const auto seconds = static_cast<std::time_t>(real / second);
  if (seconds != clock_second_) {
    std::tm local{};
    ::localtime_r(&seconds, &local);
    clock_text_ = fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
    clock_second_ = seconds;
  }
  line_ += clock_text_;
  if (options_.clock == Clock::microseconds) {
    line_ += '.';
    append_zero_padded(line_, real % second / 1000, 6);
  }
  line_ += ' ';
}

void TextSink::append_place(pid_t tid, bool gone) {
  const auto place = places_.find(tid);
  if (options_.syscall_number) {
    append(line_, "[{:>4}] ", place == places_.end() ? "????" : fmt::format_int(place->second.nr).c_str());
  }
  if (options_.instruction_pointer) {
    if (gone || place == places_.end()) {
      line_ += "[????????????????] ";
    } else {
      append(line_, "[{:016x}] ", place->second.instruction_pointer);
    }
  }
}

void TextSink::notice(std::string_view text) {
  std::string& into = &notices_ != &out_ ? notices_.buffer() : open_ != 0 ? kept_notices_ : line_;
  into += "sonde: ";
  append_printable(into, text);
  into += '\n';
  if (&notices_ != &out_) notices_.flush();
}

void TextSink::on(const event::Session& session, const event::Event&, bool) {
  realtime_offset_ = session.realtime_offset;
}

void TextSink::on(const event::TaskStarted& started, const event::Event& event, bool) {
  tasks_.insert(event.task.tid);
  if (started.origin != event::TaskOrigin::program && options_.quiet < 1) {
    notice(fmt::format("Process {} attached", event.task.tid));
  }
}

void TextSink::on(const event::TaskName&, const event::Event&, bool) {}
void TextSink::on(const event::SyscallEnter&, const event::Event&, bool) {}
void TextSink::on(const event::SyscallExit&, const event::Event&, bool) {}

void TextSink::on(const event::Signal& signal, const event::Event& event, bool shown) {
  if (!shown) return;
  begin_line(event.task.tid, event.time);
  append(line_, "--- {} ", signal_text(signal.info.si_signo));
  decode::render_siginfo(signal.info, options_.style, writer_);
  line_ += " ---";
  end_line();
  append_stack(signal.snapshot.stack(), event.task.pid);
}

void TextSink::on(const event::Crash& crash, const event::Event& event, bool shown) {
  if (!shown || stacks_ == nullptr) return;
  begin_line(event.task.tid, event.time);
  append_crash_text(line_, event, crash, *stacks_);
}

void TextSink::on(const event::ThreadStack& thread, const event::Event& event, bool shown) {
  if (!shown || stacks_ == nullptr) return;
  begin_line(event.task.tid, event.time);
  append_thread_text(line_, event, thread, *stacks_);
}

void TextSink::on(const event::HeapCall& call, const event::Event& event, bool shown) {
  if (!shown || call.operation == event::HeapOperation::give_up) return;
  begin_line(event.task.tid, event.time);
  append_printable(line_, function_text(call));
  line_ += '(';
  append_heap_arguments(line_, call);
  line_ += ')';
  if (call.operation != event::HeapOperation::release) {
    line_ += " = ";
    append_pointer(line_, call.address);
  }
  const analysis::HeapOutcome none;
  const analysis::HeapOutcome& outcome = heap_ != nullptr ? heap_->last() : none;
  if (const auto age = outcome.age(event.time)) {
    line_ += " <";
    append_seconds(line_, *age);
    line_ += '>';
  }
  if (stacks_ != nullptr) {
    if (const auto site = site_of(*stacks_, call.snapshot.stack(), event.task.pid)) {
      line_ += " at ";
      append_site_text(line_, *site);
    }
  }
  if (outcome.misuse) append(line_, " *** {}", misuse_text(*outcome.misuse));
  end_line();
  append_stack(call.snapshot.stack(), event.task.pid);
}

void TextSink::on(const event::GroupStop& stop, const event::Event& event, bool shown) {
  if (!shown) return;
  begin_line(event.task.tid, event.time);
  append(line_, "--- stopped by {} ---", signal_text(stop.signal));
  end_line();
}

void TextSink::on(const event::Exec& exec, const event::Event& event, bool shown) {
  const pid_t tid = event.task.tid;
  if (exec.old_tid == tid) return;
  // The thread that called exec has taken over its leader's tid: its call goes on there.
  tasks_.erase(exec.old_tid);
  tasks_.insert(tid);
  if (shown && options_.quiet < 3) {
    begin_line(tid, event.time);
    append(line_, "+++ superseded by execve in pid {} +++", exec.old_tid);
    end_line();
  }
  if (open_ == exec.old_tid) open_ = tid;
  interrupted_.erase(tid);
  if (interrupted_.erase(exec.old_tid) != 0) interrupted_.insert(tid);
  if (const auto place = places_.extract(exec.old_tid)) places_[tid] = place.mapped();
  modes_.erase(exec.old_tid);
  restarting_.erase(exec.old_tid);
}

void TextSink::on(const event::TaskEnded& ended, const event::Event& event, bool shown) {
  const pid_t tid = event.task.tid;
  if (shown && WIFEXITED(ended.status) && options_.quiet < 2) {
    begin_line(tid, event.time, true);
    append(line_, "+++ exited with {} +++", WEXITSTATUS(ended.status));
    end_line();
  } else if (shown && WIFSIGNALED(ended.status)) {
    begin_line(tid, event.time, true);
    append(line_, "+++ killed by {}{} +++", signal_text(WTERMSIG(ended.status)),
           WCOREDUMP(ended.status) ? " (core dumped)" : "");
    end_line();
  }
  forget(tid);
}

void TextSink::on(const event::TaskDetached&, const event::Event& event, bool) {
  if (options_.quiet < 1) notice(fmt::format("Process {} detached", event.task.tid));
  forget(event.task.tid);
}

void TextSink::on(const event::Lost& lost, const event::Event& event, bool) {
  begin_line(event.task.tid, event.time);
  append(line_, "+++ {} events left out: {} +++", lost.count, loss_text(lost.reason));
  end_line();
}

void TextSink::on(const event::Note& note, const event::Event&, bool) { notice(note.text); }

void TextSink::forget(pid_t tid) {
  if (open_ == tid) interrupt_line();
  tasks_.erase(tid);
  interrupted_.erase(tid);
  places_.erase(tid);
  modes_.erase(tid);
  restarting_.erase(tid);
}

}  // namespace sonde::output
