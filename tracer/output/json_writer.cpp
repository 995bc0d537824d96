#include "sonde/output/json_writer.hpp"

#include <array>
#include <fcntl.h>
#include <iterator>

#include <rapidjson/encodings.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/writer.h>

#include "output/text.hpp"

namespace sonde::output {

namespace {

constexpr std::uint64_t largest_exact = (std::uint64_t{1} << 53) - 1;

// RapidJSON's output stream over a string.
struct Appender {
  using Ch = char;
  void Put(char c) { text.push_back(c); }
  void Flush() {}
  std::string& text;
};

struct Discard {
  using Ch = char;
  void Put(char) {}
};

bool is_utf8(Bytes bytes) {
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  bool ascii = true;
  for (const std::byte b : bytes) ascii = ascii && static_cast<unsigned char>(b) < 0x80;
  if (ascii) return true;
  rapidjson::MemoryStream stream(text, bytes.size());
  Discard discard;
  while (stream.Tell() < bytes.size()) {
    if (!rapidjson::UTF8<>::Validate(stream, discard)) return false;
  }
  return stream.Tell() == bytes.size();
}

void append_base64(std::string& out, Bytes bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      word = word << 8 | (k < left ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0);
    }
    out += digits[word >> 18];
    out += digits[word >> 12 & 63];
    out += left > 1 ? digits[word >> 6 & 63] : '=';
    out += left > 2 ? digits[word & 63] : '=';
  }
}

}  // namespace

void append_json_integer(std::string& out, std::int64_t value) {
  const auto limit = static_cast<std::int64_t>(largest_exact);
  const bool exact = value >= -limit && value <= limit;
  if (!exact) out += '"';
  append_decimal(out, value);
  if (!exact) out += '"';
}

void append_json_unsigned(std::string& out, std::uint64_t value) {
  const bool exact = value <= largest_exact;
  if (!exact) out += '"';
  append_decimal(out, value);
  if (!exact) out += '"';
}

void append_json_string(std::string& out, std::string_view text) {
  Appender appender{out};
  rapidjson::Writer<Appender> writer(appender);
  writer.String(text.data() == nullptr ? "" : text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void append_json_bytes(std::string& out, Bytes bytes, bool truncated) {
  const bool utf8 = is_utf8(bytes);
  if (utf8 && !truncated) {
    return append_json_string(out, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  if (utf8) {
    out += "{\"string\":";
    append_json_string(out, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  } else {
    out += "{\"base64\":\"";
    append_base64(out, bytes);
    out += '"';
  }
  out += truncated ? ",\"truncated\":true}" : "}";
}

void JsonWriter::begin_value() {
  levels_.clear();
  remark_.clear();
  levels_.push_back({.shape = Shape::value, .closing = {}});
  place({});
}

void JsonWriter::end_value() {
  while (levels_.size() > 1) after_composite();
  close_place();
}

// Opens the next place in the innermost composite: after a comma, and in an object after its key.
void JsonWriter::place(std::string_view key) {
  Level& level = levels_.back();
  if (level.shape == Shape::value && level.any) return;
  close_place();
  if (level.any) out_ += ',';
  if (level.shape == Shape::object) {
    append_json_string(out_, key);
    out_ += ':';
  }
  level = {.shape = level.shape, .closing = level.closing, .any = true, .placed = true, .start = out_.size()};
  printed_.clear();
}

void JsonWriter::close_place() {
  Level& level = levels_.back();
  if (!level.placed) return;
  if (level.values == 0) out_ += "null";
  if (level.listed) out_ += ']';
  level.placed = false;
}

void JsonWriter::before_scalar() {
  if (!levels_.back().placed) place("_");
  Level& level = levels_.back();
  if (level.values++ == 0) return;
  if (!level.composite) {
    out_.resize(level.start);  // What is printed side by side becomes one string; after_scalar() writes it.
    return;
  }
  if (!level.listed) out_.insert(level.start, 1, '[');
  level.listed = true;
  out_ += ',';
}

void JsonWriter::after_scalar() {
  const Level& level = levels_.back();
  if (level.values < 2 || level.composite) return;
  out_.resize(level.start);
  append_json_string(out_, printed_);
}

void JsonWriter::before_composite(Shape shape, std::string_view opening, std::string_view closing) {
  if (!levels_.back().placed) place("_");
  Level& level = levels_.back();
  if (level.values++ > 0) {
    if (!level.listed) out_.insert(level.start, 1, '[');
    level.listed = true;
    out_ += ',';
  }
  level.composite = true;
  out_ += opening;
  levels_.push_back({.shape = shape, .closing = closing});
}

void JsonWriter::after_composite() {
  if (levels_.size() < 2) return;
  close_place();
  out_ += levels_.back().closing;
  levels_.pop_back();
}

void JsonWriter::integer(std::int64_t value) {
  before_scalar();
  append_json_integer(out_, value);
  text_.integer(value);
  after_scalar();
}

void JsonWriter::unsigned_integer(std::uint64_t value) {
  before_scalar();
  append_json_unsigned(out_, value);
  text_.unsigned_integer(value);
  after_scalar();
}

void JsonWriter::hex(std::uint64_t value) {
  before_scalar();
  append_json_unsigned(out_, value);
  text_.hex(value);
  after_scalar();
}

void JsonWriter::octal(std::uint64_t value) {
  before_scalar();
  append_json_unsigned(out_, value);
  text_.octal(value);
  after_scalar();
}

void JsonWriter::address(std::uint64_t value) {
  before_scalar();
  if (value == 0) {
    out_ += "null";
  } else {
    append(out_, "\"{:#x}\"", value);
  }
  text_.address(value);
  after_scalar();
}

void JsonWriter::symbol(std::string_view text, std::uint64_t value) {
  before_scalar();
  out_ += "{\"value\":";
  append_json_unsigned(out_, value);
  out_ += ",\"name\":";
  append_json_string(out_, text);
  out_ += '}';
  text_.symbol(text, value);
  after_scalar();
}

void JsonWriter::string(Bytes bytes, bool truncated) {
  before_scalar();
  append_json_bytes(out_, bytes, truncated);
  text_.string(bytes, truncated);
  after_scalar();
}

void JsonWriter::descriptor(std::int64_t fd, const event::FdTarget& target) {
  before_scalar();
  if (target.empty() && fd != AT_FDCWD) {
    append_json_integer(out_, fd);
  } else {
    out_ += "{\"fd\":";
    append_json_integer(out_, fd);
    if (fd == AT_FDCWD) out_ += ",\"name\":\"AT_FDCWD\"";
    const auto text = [this](std::string_view name, std::string_view bytes) {
      if (bytes.empty()) return;
      out_ += name;
      append_json_bytes(out_, std::as_bytes(std::span(bytes)), false);
    };
    text(",\"path\":", target.path);
    text(",\"detail\":", target.detail);
    text(",\"socket_name\":", target.socket_name);
    out_ += '}';
  }
  text_.descriptor(fd, target);
  after_scalar();
}

void JsonWriter::redacted() {
  before_scalar();
  out_ += "{\"redacted\":true}";
  text_.redacted();
  after_scalar();
}

void JsonWriter::begin_struct() { before_composite(Shape::object, "{", "}"); }
void JsonWriter::field(std::string_view name) { place(name); }
void JsonWriter::end_struct() { after_composite(); }
void JsonWriter::begin_array() { before_composite(Shape::array, "[", "]"); }
void JsonWriter::element() { place("_"); }
void JsonWriter::end_array() { after_composite(); }

void JsonWriter::more() {
  place("more");
  const bool object = levels_.back().shape == Shape::object;
  before_scalar();
  out_ += object ? "true" : "{\"more\":true}";
  text_.more();
  after_scalar();
}

void JsonWriter::comment(std::string_view) {}
void JsonWriter::remark(std::string_view text) { remark_ = text; }

void JsonWriter::verbatim(std::string_view text) {
  before_scalar();
  append_json_string(out_, text);
  text_.verbatim(text);
  after_scalar();
}

void JsonWriter::begin_call(std::string_view name) {
  std::string opening = "{\"call\":";
  append_json_string(opening, name);
  opening += ",\"args\":[";
  before_composite(Shape::array, opening, "]}");
}
void JsonWriter::argument() { place("_"); }
void JsonWriter::end_call() { after_composite(); }

}  // namespace sonde::output
