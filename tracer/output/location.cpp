#include "sonde/output/location.hpp"

#include <algorithm>
#include <iterator>
#include <span>

#include <fmt/format.h>

#include "sonde/output/json_writer.hpp"

namespace sonde::output {

namespace {

// The length of the UTF-8 sequence that `text` begins with, when it is a whole one and no control character
// (RFC 3629); else 0.
std::size_t printable_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const unsigned second = byte(1);
  const bool control = first == 0xc2 && second < 0xa0;  // U+0080 to U+009F.
  const bool overlong = first < 0xc2 || (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool beyond = first > 0xf4 || (first == 0xf4 && second > 0x8f) || (first == 0xed && second > 0x9f);
  return control || overlong || beyond ? 0 : size;
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  fmt::format_to(std::back_inserter(out), ",\"{}\":", name);
  append_json_bytes(out, std::as_bytes(std::span(text)), false);
}

void append_frame_json(std::string& out, const names::Frame& frame) {
  fmt::format_to(std::back_inserter(out), "{{\"inlined\":{}", frame.inlined);
  append_member(out, "function", frame.function);
  if (frame.linkage_name != frame.function) append_member(out, "linkage_name", frame.linkage_name);
  append_member(out, "file", frame.file);
  if (frame.line != 0) fmt::format_to(std::back_inserter(out), ",\"line\":{}", frame.line);
  if (frame.column != 0) fmt::format_to(std::back_inserter(out), ",\"column\":{}", frame.column);
  out += '}';
}

}  // namespace

void append_name(std::string& out, std::string_view name) {
  while (!name.empty()) {
    const std::size_t size = printable_sequence(name);
    if (size == 0)
      fmt::format_to(std::back_inserter(out), "\\{:03o}", static_cast<unsigned char>(name.front()));
    else
      out += name.substr(0, size);
    name.remove_prefix(std::max<std::size_t>(size, 1));
  }
}

void append_location_text(std::string& out, const names::Location& location, bool demangled) {
  constexpr std::string_view unknown = "??";
  const auto append = [&](const names::Frame& frame) {
    const std::string_view function = demangled ? frame.function : frame.linkage_name;
    append_name(out, function.empty() ? unknown : function);
    out += '\n';
    append_name(out, frame.file.empty() ? unknown : frame.file);
    fmt::format_to(std::back_inserter(out), ":{}:{}\n", frame.line, frame.column);
  };
  for (const names::Frame& frame : location.frames) append(frame);
  if (location.frames.empty()) append({});
  out += '\n';
}

void append_location_json(std::string& out, std::uint64_t address, const names::Location& location) {
  fmt::format_to(std::back_inserter(out), "{{\"kind\":\"location\",\"address\":\"{:#x}\"", address);
  if (location.offset) {
    out += ",\"offset\":";
    append_json_unsigned(out, *location.offset);
  }
  out += ",\"frames\":[";
  for (std::string_view separator; const names::Frame& frame : location.frames) {
    out += separator;
    separator = ",";
    append_frame_json(out, frame);
  }
  out += "]}\n";
}

}  // namespace sonde::output
