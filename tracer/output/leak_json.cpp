#include "output/leak_json.hpp"

#include "output/text.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/output/json_writer.hpp"

namespace sonde::output {

using suppress::Frame;

void append_number(std::string& out, std::string_view key, std::uint64_t value) {
  append(out, ",\"{}\":", key);
  append_json_unsigned(out, value);
}

void append_text(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  append(out, ",\"{}\":", key);
  append_json_text(out, text.substr(0, limits::name_bytes));
}

namespace {

void append_frame(std::string& out, const Frame& frame) {
  append(out, "{{\"inlined\":{}", frame.inlined);
  append_text(out, "function", frame.function);
  if (frame.linkage_name != frame.function) append_text(out, "linkage_name", frame.linkage_name);
  append_text(out, "file", frame.file);
  if (frame.line != 0) append(out, ",\"line\":{}", frame.line);
  append_text(out, "module", frame.module);
  out += '}';
}

}  // namespace

void append_stack_json(std::string& out, std::span<const Frame> frames) {
  if (frames.empty()) return;
  out += ",\"stack\":[";
  for (const char* separator = ""; const Frame& frame : frames) {
    out += separator;
    append_frame(out, frame);
    separator = ",";
  }
  out += ']';
}

}  // namespace sonde::output
