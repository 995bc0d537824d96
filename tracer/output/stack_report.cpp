#include "sonde/output/stack_report.hpp"

#include <algorithm>
#include <optional>

#include "output/stack_json.hpp"
#include "output/text.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/decode/render.hpp"
#include "sonde/decode/text_writer.hpp"
#include "sonde/output/json_writer.hpp"
#include "sonde/output/stack_text.hpp"

namespace sonde::output {

namespace {

using stacks::ThreadStack;

std::string_view state_text(const ThreadStack& thread) {
  switch (thread.state) {
    case 'R':
      return "running";
    case 'S':
    case 'I':
      return "sleeping";
    case 'D':
      return "in uninterruptible sleep";
    case 'T':
      return "stopped";
    case 'Z':
    case 'X':
      return "ended";
    default:
      return "in an unknown state";
  }
}

// The call that the thread is in, as a view of its frame.
std::optional<decode::Call> call_of(const ThreadStack& thread) {
  const auto event = event::parse_frame(std::as_bytes(std::span(thread.call)));
  if (!event) return std::nullopt;
  const auto* enter = std::get_if<event::SyscallEnter>(&event->payload);
  if (enter == nullptr) return std::nullopt;
  return decode::call_of(*event, *enter);
}

void append_text(std::string& out, std::string_view text) {
  append_printable(out, text.substr(0, limits::name_bytes));
}

void append_call(std::string& out, const decode::Call& call, const decode::Style& style) {
  decode::TextWriter writer(out, style.hex_strings);
  append_name(out, call);
  out += '(';
  const char* separator = "";
  for (unsigned i = 0; i < call.row->argument_count; ++i) {
    if (!decode::argument_shown(call, i)) continue;
    out += separator;
    separator = ", ";
    // What the call has yet to fill is told by its address.
    const syscall::Argument& argument = call.row->arguments[i];
    if (syscall::spec(argument.kind).direction == syscall::Direction::out) {
      writer.address(call.args[argument.reg]);
    } else {
      decode::render_argument(call, i, style, writer);
    }
  }
  out += ')';
}

void append_function(std::string& out, const stacks::NamedFrame& frame, const stacks::Function* function,
                     bool inlined) {
  if (function == nullptr || function->name.empty()) {
    out += "??";
  } else {
    append_text(out, function->name);
    if (!inlined && function->start != 0 && frame.address >= function->start) {
      append(out, "+{:#x}", frame.address - function->start);
    }
  }
  if (function != nullptr && !function->file.empty()) {
    out += " at ";
    append_text(out, function->file);
    if (function->line != 0) append(out, ":{}", function->line);
  } else if (frame.module != nullptr) {
    out += " (";
    append_text(out, frame.module->path);
    out += ')';
  }
  out += '\n';
}

void append_frame(std::string& out, std::size_t number, const stacks::NamedFrame& frame) {
  const stacks::Functions& functions = *frame.functions;
  const std::size_t count = std::max<std::size_t>(functions.size(), 1);
  for (std::size_t i = 0; i + 1 < count; ++i) {
    append(out, "      {:<18}  ", "(inlined)");
    append_function(out, frame, &functions[i], true);
  }
  append(out, " #{:<3} {:#018x}  ", number, frame.address);
  append_function(out, frame, functions.empty() ? nullptr : &functions.back(), false);
}

void append_thread(std::string& out, const ThreadStack& thread, const stacks::ProcessStacks& sample,
                   stacks::Namer& namer, const decode::Style& style) {
  append(out, "\nthread {} \"", thread.task.tid);
  append_text(out, thread.comm);
  append(out, "\", {}", state_text(thread));
  if (const auto call = call_of(thread)) {
    out += ", in ";
    append_call(out, *call, style);
  }
  out += '\n';
  const stacks::Stack* stack = sample.book.stack(thread.stack);
  if (stack == nullptr) {
    append(out, "  (no stack: {})\n",
           !thread.stopped    ? "it could not be stopped"
           : thread.is_64_bit ? "it has ended"
                              : "stacks of 32-bit programs are not read");
    return;
  }
  std::size_t number = 0;
  for (const auto& address : stack->frames) append_frame(out, number++, namer.name(thread.task.pid, address));
  if (stack->end != event::StackEnd::complete) append(out, "  ({})\n", stack_end_text(stack->end));
}

void append_thread_json(std::string& out, const ThreadStack& thread, const stacks::ProcessStacks& sample,
                        stacks::Namer& namer, const decode::Style& style) {
  append(out, "{{\"tid\":{},\"comm\":", thread.task.tid);
  append_json_text(out, thread.comm);
  append(out, ",\"state\":\"{}\",\"stopped\":{}", state_text(thread), thread.stopped);
  if (const auto call = call_of(thread)) {
    out += ",\"syscall\":\"";
    append_name(out, *call);
    append(out, "\",\"nr\":{},\"abi\":\"{}\",\"call\":", call->nr, abi_text(call->abi));
    std::string text;
    append_call(text, *call, style);
    append_json_text(out, text);
  }
  append_stack_json(out, {sample.book, namer}, thread.stack, thread.task.pid);
  out += '}';
}

}  // namespace

void append_stacks_text(std::string& out, const stacks::ProcessStacks& sample, stacks::Namer& namer,
                        const decode::Style& style) {
  append(out, "process {} (", sample.pid);
  append_text(out, sample.exe);
  append(out, "): {} thread{}, stopped for {}.{:03} ms\n", sample.threads.size(),
         sample.threads.size() == 1 ? "" : "s", sample.stopped_for / 1'000'000,
         sample.stopped_for / 1000 % 1000);
  for (const ThreadStack& thread : sample.threads) append_thread(out, thread, sample, namer, style);
}

void append_stacks_json(std::string& out, const stacks::ProcessStacks& sample, stacks::Namer& namer,
                        const decode::Style& style) {
  append(out, "{{\"kind\":\"stacks\",\"pid\":{},\"exe\":", sample.pid);
  append_json_text(out, sample.exe);
  append(out, ",\"stopped_ns\":{},\"threads\":[", sample.stopped_for);
  const char* separator = "";
  for (const ThreadStack& thread : sample.threads) {
    out += separator;
    append_thread_json(out, thread, sample, namer, style);
    separator = ",";
  }
  out += "]}\n";
}

}  // namespace sonde::output
