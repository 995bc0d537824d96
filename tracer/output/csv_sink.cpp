#include "sonde/output/csv_sink.hpp"

#include <iterator>
#include <sys/wait.h>

#include "output/heap_call.hpp"
#include "output/text.hpp"
#include "sonde/decode/render.hpp"
#include "sonde/decode/siginfo.hpp"
#include "sonde/syscall/constants.hpp"

namespace sonde::output {

namespace {

constexpr std::string_view header =
    "kind,time,elapsed_ns,pid,tid,name,nr,abi,details,ret,result,errno,duration_ns,unfinished\r\n";

void append_field(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

CsvSink::CsvSink(Stream& out, const CsvOptions& options, const analysis::HeapTable* heap)
    : out_(out),
      line_(out.buffer()),
      options_(options),
      heap_(heap),
      writer_(field_, options.style.hex_strings) {
  line_ += header;
}

void CsvSink::call_exited(const decode::Call& call) {
  append_call(call);
  const decode::CallExit& exit = *call.exit;
  line_ += ',';
  append_decimal(line_, exit.ret);
  line_ += ',';
  field_.clear();
  decode::render_result(call, options_.style, writer_);
  append_field(line_, field_);
  line_ += ',';
  if (exit.failed) line_ += syscall::errno_name(static_cast<int>(-exit.ret));
  line_ += ',';
  append_decimal(line_, elapsed(call.enter_time, exit.time));
  line_ += ',';
  end_row();
}

void CsvSink::call_unfinished(const decode::Call& call, Nanoseconds time, Unfinished why) {
  append_call(call);
  append(line_, ",,,,{},{}", elapsed(call.enter_time, time), unfinished_name(why));
  end_row();
}

void CsvSink::append_call(const decode::Call& call) {
  begin_row("syscall", call.enter_time, call.task);
  append_name(line_, call);
  line_ += ',';
  append_decimal(line_, call.nr);
  line_ += ',';
  line_ += abi_text(call.abi);
  line_ += ',';
  field_.clear();
  for (unsigned i = 0; i < call.row->argument_count; ++i) {
    if (!decode::argument_shown(call, i)) continue;
    if (!field_.empty()) field_ += ", ";
    decode::render_argument(call, i, options_.style, writer_);
  }
  append_field(line_, field_);
}

void CsvSink::begin_row(std::string_view kind, Nanoseconds time, TaskId task) {
  line_ += kind;
  line_ += ',';
  clock_.append(line_, time);
  line_ += ',';
  append_decimal(line_, elapsed(start_, time));
  line_ += ',';
  append_decimal(line_, task.pid);
  line_ += ',';
  append_decimal(line_, task.tid);
  line_ += ',';
}

void CsvSink::end_row() {
  line_ += "\r\n";
  out_.commit();
}

void CsvSink::event_row(std::string_view kind, const event::Event& event, std::string_view name,
                        std::string_view details) {
  begin_row(kind, event.time, event.task);
  append(line_, "{},,,", name);
  append_field(line_, details);
  line_ += ",,,,,";
  end_row();
}

void CsvSink::heap_row(const event::HeapCall& call, const event::Event& event) {
  const bool released = call.operation == event::HeapOperation::release;
  if (call.operation == event::HeapOperation::give_up) return;
  begin_row(released                                           ? "free"
            : call.operation == event::HeapOperation::allocate ? "alloc"
                                                               : "realloc",
            event.time, event.task);
  field_.clear();
  append_printable(field_, function_text(call));
  append_field(line_, field_);
  line_ += ",,,";
  field_.clear();
  append_heap_arguments(field_, call);
  append_field(line_, field_);
  line_ += ",,";
  if (!released) append_pointer(line_, call.address);
  line_ += ",,";
  if (heap_ != nullptr) {
    if (const auto age = heap_->last().age(event.time)) append_decimal(line_, *age);
  }
  line_ += ',';
  end_row();
}

void CsvSink::event(const event::Event& event, bool shown) {
  if (const auto* session = std::get_if<event::Session>(&event.payload)) {
    clock_.set_offset(session->realtime_offset);
    start_ = event.time;
  }
  if (const auto* heap = std::get_if<event::HeapCall>(&event.payload)) {
    if (shown) heap_row(*heap, event);
    return;
  }
  const bool lost_some = std::holds_alternative<event::Lost>(event.payload);
  if (!lost_some && !(shown && options_.events)) return;
  if (const auto* started = std::get_if<event::TaskStarted>(&event.payload)) {
    event_row("process", event, "started", origin_text(started->origin));
  } else if (const auto* name = std::get_if<event::TaskName>(&event.payload)) {
    field_.clear();
    append_printable(field_, name->exe.empty() ? name->comm : name->exe);
    event_row("process", event, "named", field_);
  } else if (const auto* signal = std::get_if<event::Signal>(&event.payload)) {
    field_.clear();
    decode::render_siginfo(signal->info, options_.style, writer_);
    event_row("signal", event, signal_text(signal->info.si_signo), field_);
  } else if (const auto* stop = std::get_if<event::GroupStop>(&event.payload)) {
    event_row("stop", event, signal_text(stop->signal), "");
  } else if (const auto* exec = std::get_if<event::Exec>(&event.payload)) {
    event_row("process", event, "exec", exec->old_tid == event.task.tid ? "" : std::to_string(exec->old_tid));
  } else if (const auto* ended = std::get_if<event::TaskEnded>(&event.payload)) {
    const bool killed = WIFSIGNALED(ended->status);
    event_row("process", event, ending_name(ended->status),
              killed ? signal_text(WTERMSIG(ended->status)) : std::to_string(WEXITSTATUS(ended->status)));
  } else if (std::holds_alternative<event::TaskDetached>(event.payload)) {
    event_row("process", event, "detached", "");
  } else if (const auto* lost = std::get_if<event::Lost>(&event.payload)) {
    event_row("lost", event, loss_name(lost->reason), std::to_string(lost->count));
  } else if (const auto* note = std::get_if<event::Note>(&event.payload)) {
    field_.clear();
    append_printable(field_, note->text);
    event_row("note", event, "", field_);
  }
}

void CsvSink::finish(Nanoseconds) { out_.commit(); }

}  // namespace sonde::output
