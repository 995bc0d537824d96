#include "sonde/output/stack_text.hpp"

#include <algorithm>

#include "output/text.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::output {

namespace {

void append_name_text(std::string& out, std::string_view text) {
  append_printable(out, text.substr(0, limits::name_bytes));
}

void append_line_of(std::string& out, const stacks::NamedFrame& frame, const stacks::Function* function,
                    bool inlined) {
  out += " > ";
  if (frame.module != nullptr) append_name_text(out, frame.module->path);
  out += '(';
  if (function != nullptr && !function->name.empty()) {
    append_name_text(out, function->name);
    if (inlined) {
      out += ", inlined";
    } else if (function->start != 0 && frame.address >= function->start) {
      append(out, "+{:#x}", frame.address - function->start);
    }
  }
  append(out, ") [{:#x}]", frame.address);
  if (function != nullptr && !function->file.empty()) {
    out += ' ';
    append_name_text(out, function->file);
    if (function->line != 0) append(out, ":{}", function->line);
  }
  out += '\n';
}

}  // namespace

void append_stack_text(std::string& out, const StackSource& source, std::uint32_t id, pid_t pid) {
  const stacks::Stack* stack = source.book.stack(id);
  if (stack == nullptr) return;
  for (const event::FrameAddress& address : stack->frames) {
    const stacks::NamedFrame frame = source.namer.name(pid, address);
    if (frame.functions->empty()) append_line_of(out, frame, nullptr, false);
    for (std::size_t i = 0; i < frame.functions->size(); ++i) {
      append_line_of(out, frame, &(*frame.functions)[i], i + 1 < frame.functions->size());
    }
  }
  if (stack->end != event::StackEnd::complete) append(out, " > ({})\n", stack_end_text(stack->end));
}

std::string_view stack_end_text(event::StackEnd end) {
  switch (end) {
    case event::StackEnd::complete:
      return {};
    case event::StackEnd::depth_limit:
      return "more frames follow";
    case event::StackEnd::unreadable_memory:
      return "cut short: the stack's memory cannot be read";
    case event::StackEnd::no_information:
      return "cut short: no unwind information for the last frame";
    case event::StackEnd::no_progress:
      return "cut short: the next frame does not lie above the last one";
    case event::StackEnd::bad_cfa:
      return "cut short: the unwind information of the last frame makes no sense";
  }
  return {};
}

std::string_view stack_end_name(event::StackEnd end) {
  switch (end) {
    case event::StackEnd::complete:
      return "complete";
    case event::StackEnd::depth_limit:
      return "depth_limit";
    case event::StackEnd::unreadable_memory:
      return "unreadable_memory";
    case event::StackEnd::no_information:
      return "no_information";
    case event::StackEnd::no_progress:
      return "no_progress";
    case event::StackEnd::bad_cfa:
      return "bad_cfa";
  }
  return {};
}

}  // namespace sonde::output
