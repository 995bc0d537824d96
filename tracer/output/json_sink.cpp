#include "sonde/output/json_sink.hpp"

#include <iterator>
#include <sys/wait.h>

#include <fmt/format.h>

#include "output/heap_call.hpp"
#include "output/stack_json.hpp"
#include "output/text.hpp"
#include "sonde/decode/render.hpp"
#include "sonde/decode/siginfo.hpp"
#include "sonde/output/crash_text.hpp"
#include "sonde/syscall/constants.hpp"

namespace sonde::output {

namespace {

constexpr int format_version = 1;

std::string_view heap_kind(event::HeapOperation operation) {
  switch (operation) {
    case event::HeapOperation::allocate:
      return "alloc";
    case event::HeapOperation::release:
      return "free";
    case event::HeapOperation::give_up:
    case event::HeapOperation::reallocate:
      return "realloc";
  }
  return "";
}

// A null pointer as null.
void append_address(std::string& out, std::string_view key, std::uint64_t address) {
  if (address == 0) {
    append(out, ",\"{}\":null", key);
  } else {
    append(out, ",\"{}\":\"{:#x}\"", key, address);
  }
}

void append_number(std::string& out, std::string_view key, std::uint64_t value) {
  append(out, ",\"{}\":", key);
  append_json_unsigned(out, value);
}

std::string_view flag(bool value) { return value ? "true" : "false"; }

void append_signal(std::string& out, std::string_view key, int signal) {
  append(out, ",\"{}\":{{\"number\":{},\"name\":", key, signal);
  append_json_string(out, signal_text(signal));
  out += '}';
}

// Text that may be a tracee's: whole, as a string or in base64.
void append_text(std::string& out, std::string_view key, std::string_view text) {
  append(out, ",\"{}\":", key);
  append_json_text(out, text);
}

}  // namespace

JsonSink::JsonSink(Stream& out, const decode::Style& style, const StackSource* stacks, bool of_each,
                   const analysis::HeapTable* heap)
    : out_(out),
      line_(out.buffer()),
      style_(style),
      stacks_(stacks),
      stack_of_each_(of_each),
      heap_(heap),
      writer_(out.buffer()),
      result_writer_(result_) {
  // Names are for people; the values that -X raw prints stand beside them.
  style_.xlat = decode::Xlat::abbrev;
  style_.hex_strings = decode::HexStrings::never;
}

void JsonSink::call_exited(const decode::Call& call) {
  append_call(call);
  append_exit(call);
  line_ += ",\"duration_ns\":";
  append_json_unsigned(line_, elapsed(call.enter_time, call.exit->time));
  append_stack(call.entered.stack(), call.task.pid);
  end_record();
}

void JsonSink::call_unfinished(const decode::Call& call, Nanoseconds time, Unfinished why) {
  append_call(call);
  line_ += ",\"duration_ns\":";
  append_json_unsigned(line_, elapsed(call.enter_time, time));
  append(line_, ",\"unfinished\":true,\"reason\":\"{}\"", unfinished_name(why));
  append_stack(call.entered.stack(), call.task.pid);
  end_record();
}

void JsonSink::event(const event::Event& event, bool shown) {
  const bool always = std::holds_alternative<event::Session>(event.payload) ||
                      std::holds_alternative<event::Lost>(event.payload) ||
                      std::holds_alternative<event::Note>(event.payload);
  if (always || shown) {
    std::visit([&](const auto& payload) { on(payload, event); }, event.payload);
  }
}

void JsonSink::finish(Nanoseconds) { out_.commit(); }

void JsonSink::begin_record(std::string_view kind, Nanoseconds time) {
  line_ += "{\"kind\":\"";
  line_ += kind;
  line_ += "\",\"time\":\"";
  clock_.append(line_, time);
  line_ += "\",\"elapsed_ns\":";
  append_json_unsigned(line_, elapsed(start_, time));
}

void JsonSink::append_task(TaskId task) {
  line_ += ",\"pid\":";
  append_decimal(line_, task.pid);
  line_ += ",\"tid\":";
  append_decimal(line_, task.tid);
}

void JsonSink::append_stack(std::uint32_t id, pid_t pid) {
  if (stack_of_each_ && stacks_ != nullptr && id != 0) append_stack_json(line_, *stacks_, id, pid);
}

void JsonSink::append_siginfo(const siginfo_t& info) {
  append_signal(line_, "signal", info.si_signo);
  line_ += ",\"info\":";
  writer_.begin_value();
  decode::render_siginfo(info, style_, writer_);
  writer_.end_value();
}

void JsonSink::end_record() {
  line_ += "}\n";
  out_.commit();
}

void JsonSink::append_call(const decode::Call& call) {
  begin_record("syscall", call.enter_time);
  append_task(call.task);
  line_ += ",\"syscall\":\"";
  append_name(line_, call);
  line_ += "\",\"nr\":";
  append_decimal(line_, call.nr);
  line_ += ",\"abi\":\"";
  line_ += abi_text(call.abi);
  line_ += "\",\"args\":[";
  bool first = true;
  for (unsigned i = 0; i < call.row->argument_count; ++i) {
    if (!decode::argument_shown(call, i)) continue;
    line_ += first ? "{\"name\":\"" : ",{\"name\":\"";
    line_ += call.row->arguments[i].name;
    line_ += "\",\"value\":";
    writer_.begin_value();
    decode::render_argument(call, i, style_, writer_);
    writer_.end_value();
    line_ += '}';
    first = false;
  }
  line_ += ']';
}

void JsonSink::append_exit(const decode::Call& call) {
  const decode::CallExit& exit = *call.exit;
  line_ += ",\"ret\":";
  const std::size_t start = line_.size();
  append_json_integer(line_, exit.ret);
  if (exit.failed) {
    const auto number = static_cast<int>(-exit.ret);
    append(line_, ",\"errno\":{{\"number\":{},\"name\":", number);
    const std::string_view name = syscall::errno_name(number);
    append_json_string(line_, name.empty() ? fmt::format("ERRNO_{}", number) : name);
    line_ += '}';
    return;
  }
  result_.clear();
  result_writer_.begin_value();
  decode::render_result(call, style_, result_writer_);
  result_writer_.end_value();
  if (std::string_view(line_).substr(start) != result_) append(line_, ",\"result\":{}", result_);
  if (!result_writer_.last_remark().empty()) {
    line_ += ",\"remark\":";
    append_json_string(line_, result_writer_.last_remark());
  }
}

void JsonSink::on(const event::Session& session, const event::Event& event) {
  clock_.set_offset(session.realtime_offset);
  start_ = event.time;
  begin_record("session", event.time);
  append(line_, ",\"format\":{},\"sonde\":\"{}\",\"attached\":{},\"follows_children\":{},\"string_limit\":{}",
         format_version, SONDE_VERSION, flag(session.attached), flag(session.follows_children),
         session.string_limit);
  end_record();
}

void JsonSink::on(const event::TaskStarted& started, const event::Event& event) {
  begin_record("process", event.time);
  append_task(event.task);
  append(line_, ",\"event\":\"started\",\"parent_tid\":{},\"origin\":\"{}\"", started.parent_tid,
         origin_text(started.origin));
  end_record();
}

void JsonSink::on(const event::TaskName& name, const event::Event& event) {
  begin_record("process", event.time);
  append_task(event.task);
  line_ += ",\"event\":\"named\"";
  append_text(line_, "comm", name.comm);
  if (!name.exe.empty()) append_text(line_, "exe", name.exe);
  end_record();
}

void JsonSink::on(const event::SyscallEnter&, const event::Event&) {}
void JsonSink::on(const event::SyscallExit&, const event::Event&) {}

void JsonSink::on(const event::Signal& signal, const event::Event& event) {
  begin_record("signal", event.time);
  append_task(event.task);
  append_siginfo(signal.info);
  append_stack(signal.snapshot.stack(), event.task.pid);
  end_record();
}

void JsonSink::on(const event::Crash& crash, const event::Event& event) {
  begin_record("crash", event.time);
  append_task(event.task);
  append_siginfo(crash.info);
  append_crash_json(line_, crash);
  if (stacks_ != nullptr) append_stack_json(line_, *stacks_, crash.snapshot.stack(), event.task.pid);
  end_record();
}

void JsonSink::on(const event::ThreadStack& thread, const event::Event& event) {
  begin_record("thread_stack", event.time);
  append_task(event.task);
  append_text(line_, "comm", thread.comm);
  if (stacks_ != nullptr) append_stack_json(line_, *stacks_, thread.snapshot.stack(), event.task.pid);
  end_record();
}

void JsonSink::on(const event::HeapCall& call, const event::Event& event) {
  if (call.operation == event::HeapOperation::give_up) return;
  begin_record(heap_kind(call.operation), event.time);
  append_task(event.task);
  append_text(line_, "function", function_text(call));
  append_address(line_, "address", call.address);
  if (call.operation == event::HeapOperation::reallocate) {
    append_address(line_, "old_address", call.old_address);
  }
  if (call.operation != event::HeapOperation::release) append_number(line_, "size", call.size);
  if (call.alignment != 0) append_number(line_, "alignment", call.alignment);
  const analysis::HeapOutcome none;
  const analysis::HeapOutcome& outcome = heap_ != nullptr ? heap_->last() : none;
  if (const auto age = outcome.age(event.time)) {
    append_number(line_, "age_ns", *age);
    append_number(line_, "old_size", outcome.released->size);
  }
  if (outcome.misuse) append(line_, ",\"misuse\":\"{}\"", analysis::name_of(*outcome.misuse));
  append_site(call.snapshot.stack(), event.task.pid);
  append_stack(call.snapshot.stack(), event.task.pid);
  end_record();
}

void JsonSink::append_site(std::uint32_t id, pid_t pid) {
  if (stacks_ == nullptr) return;
  if (const auto site = site_of(*stacks_, id, pid)) {
    line_ += ",\"site\":";
    append_site_json(line_, *site);
  }
}

void JsonSink::on(const event::GroupStop& stop, const event::Event& event) {
  begin_record("stop", event.time);
  append_task(event.task);
  append_signal(line_, "signal", stop.signal);
  end_record();
}

void JsonSink::on(const event::Exec& exec, const event::Event& event) {
  begin_record("process", event.time);
  append_task(event.task);
  append(line_, ",\"event\":\"exec\",\"old_tid\":{}", exec.old_tid);
  end_record();
}

void JsonSink::on(const event::TaskEnded& ended, const event::Event& event) {
  begin_record("process", event.time);
  append_task(event.task);
  append(line_, ",\"event\":\"{}\"", ending_name(ended.status));
  if (WIFSIGNALED(ended.status)) {
    append_signal(line_, "signal", WTERMSIG(ended.status));
    append(line_, ",\"core_dumped\":{}", flag(WCOREDUMP(ended.status)));
  } else {
    append(line_, ",\"status\":{}", WEXITSTATUS(ended.status));
  }
  end_record();
}

void JsonSink::on(const event::TaskDetached&, const event::Event& event) {
  begin_record("process", event.time);
  append_task(event.task);
  line_ += ",\"event\":\"detached\"";
  end_record();
}

void JsonSink::on(const event::Lost& lost, const event::Event& event) {
  begin_record("lost", event.time);
  append_task(event.task);
  line_ += ",\"count\":";
  append_json_unsigned(line_, lost.count);
  append(line_, ",\"reason\":\"{}\"", loss_name(lost.reason));
  end_record();
}

void JsonSink::on(const event::Note& note, const event::Event& event) {
  begin_record("note", event.time);
  append_task(event.task);
  append_text(line_, "text", note.text);
  end_record();
}

}  // namespace sonde::output
