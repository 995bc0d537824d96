#include "output/stack_json.hpp"

#include "output/text.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/output/json_writer.hpp"

namespace sonde::output {

namespace {

void append_member(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  append(out, ",\"{}\":", key);
  append_json_text(out, text.substr(0, limits::name_bytes));
}

void append_frame(std::string& out, const stacks::NamedFrame& frame, const stacks::Function* function,
                  bool inlined) {
  append(out, "{{\"address\":\"{:#x}\"", frame.address);
  if (frame.module != nullptr) append_member(out, "module", frame.module->path);
  if (function != nullptr) {
    append_member(out, "function", function->name);
    if (!inlined && function->start != 0 && frame.address >= function->start) {
      append(out, ",\"offset\":{}", frame.address - function->start);
    }
    append_member(out, "file", function->file);
    if (function->line != 0) append(out, ",\"line\":{}", function->line);
    if (function->column != 0) append(out, ",\"column\":{}", function->column);
    if (inlined) out += ",\"inlined\":true";
  }
  out += '}';
}

}  // namespace

void append_stack_json(std::string& out, const StackSource& source, std::uint32_t id, pid_t pid) {
  if (const stacks::Stack* stack = source.book.stack(id)) {
    append_frames_json(out, source, stack->frames, stack->end, pid);
  }
}

void append_frames_json(std::string& out, const StackSource& source,
                        std::span<const event::FrameAddress> frames, event::StackEnd end, pid_t pid) {
  out += ",\"stack\":[";
  const char* separator = "";
  for (const event::FrameAddress& address : frames) {
    const stacks::NamedFrame frame = source.namer.name(pid, address);
    const std::size_t count = std::max<std::size_t>(frame.functions->size(), 1);
    for (std::size_t i = 0; i < count; ++i) {
      out += separator;
      append_frame(out, frame, frame.functions->empty() ? nullptr : &(*frame.functions)[i], i + 1 < count);
      separator = ",";
    }
  }
  out += ']';
  if (end != event::StackEnd::complete) append(out, ",\"stack_end\":\"{}\"", stack_end_name(end));
}

void append_site_json(std::string& out, const stacks::Site& site) {
  const std::size_t start = out.size();
  append_member(out, "function", site.function);
  append_member(out, "file", site.file);
  if (site.line != 0) append(out, ",\"line\":{}", site.line);
  append_member(out, "module", site.module);
  if (out.size() == start) {
    out += "{}";
    return;
  }
  out[start] = '{';
  out += '}';
}

}  // namespace sonde::output
