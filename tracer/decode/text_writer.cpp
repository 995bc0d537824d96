#include "sonde/decode/text_writer.hpp"

#include <algorithm>
#include <fcntl.h>
#include <iterator>
#include <unistd.h>

#include <fmt/format.h>

namespace sonde::decode {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

bool needs_hex(Bytes text, HexStrings hex_strings) {
  if (hex_strings != HexStrings::non_ascii) return hex_strings == HexStrings::all;
  return std::any_of(text.begin(), text.end(), [](std::byte byte) {
    const auto c = static_cast<unsigned char>(byte);
    return c > 0x7e || (c < ' ' && !(c >= '\t' && c <= '\r'));
  });
}

// The letter of \n and its kin, 0 for the others.
char escape_letter(unsigned char c) {
  switch (c) {
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\v':
      return 'v';
    case '\f':
      return 'f';
    case '\r':
      return 'r';
    default:
      return 0;
  }
}

void append_octal(std::string& out, unsigned char c, bool digit_follows) {
  out += '\\';
  if (digit_follows || c >= 0100) out += static_cast<char>('0' + (c >> 6));
  if (digit_follows || c >= 010) out += static_cast<char>('0' + ((c >> 3) & 7));
  out += static_cast<char>('0' + (c & 7));
}

}  // namespace

void append_quoted(std::string& out, Bytes text, HexStrings hex_strings, std::string_view also) {
  const bool hex = needs_hex(text, hex_strings);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (hex) {
      out += {'\\', 'x', hex_digits[c >> 4], hex_digits[c & 15]};
    } else if (const char letter = escape_letter(c)) {
      out += {'\\', letter};
    } else if (c == '"' || c == '\\') {
      out += {'\\', static_cast<char>(c)};
    } else if (c >= ' ' && c <= '~' && also.find(static_cast<char>(c)) == std::string_view::npos) {
      out += static_cast<char>(c);
    } else {
      const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
      append_octal(out, c, next >= '0' && next <= '9');
    }
  }
}

void TextWriter::integer(std::int64_t value) { fmt::format_to(std::back_inserter(out_), "{}", value); }
void TextWriter::unsigned_integer(std::uint64_t value) {
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void TextWriter::hex(std::uint64_t value) {
  if (value == 0) {
    out_ += '0';
  } else {
    fmt::format_to(std::back_inserter(out_), "{:#x}", value);
  }
}

void TextWriter::octal(std::uint64_t value) {
  // C's %#03o: a leading zero, and three digits at least.
  if (value < 0100) {
    fmt::format_to(std::back_inserter(out_), "{:03o}", value);
  } else {
    fmt::format_to(std::back_inserter(out_), "0{:o}", value);
  }
}

void TextWriter::address(std::uint64_t value) {
  if (value == 0) {
    out_ += "NULL";
  } else {
    fmt::format_to(std::back_inserter(out_), "{:#x}", value);
  }
}

void TextWriter::symbol(std::string_view text, std::uint64_t) { out_ += text; }

void TextWriter::string(Bytes bytes, bool truncated) {
  out_ += '"';
  append_quoted(out_, bytes, hex_strings_);
  out_ += truncated ? "\"..." : "\"";
}

void TextWriter::data(Bytes bytes, bool truncated) {
  out_ += '"';
  append_quoted(out_, bytes, HexStrings::all);
  out_ += truncated ? "\"..." : "\"";
}

namespace {

// TCP:[127.0.0.1:80->127.0.0.1:4242], UNIX-STREAM:[12->13,"/path"], UNIX-STREAM:[12,@"abstract"]
void append_socket(std::string& out, std::string_view detail, std::string_view name) {
  const bool bracket = detail.ends_with(']');
  const bool has_name = bracket && !name.empty();
  if (has_name) detail.remove_suffix(1);
  append_quoted(out, std::as_bytes(std::span(detail)), HexStrings::never, "<");
  if (!has_name) return;
  const bool abstract = name.front() == '\0';
  if (abstract) name.remove_prefix(1);
  out += abstract ? ",@\"" : ",\"";
  append_quoted(out, std::as_bytes(std::span(name)), HexStrings::never, "<>");
  out += "\"]";
}

}  // namespace

void TextWriter::descriptor(std::int64_t fd, const event::FdTarget& target) {
  if (fd == AT_FDCWD && !target.empty()) {
    out_ += "AT_FDCWD";
  } else {
    integer(fd);
  }
  if (target.empty()) return;
  // The kernel says of an unlinked file's name that it is deleted: that is no part of the name.
  constexpr std::string_view deleted = " (deleted)";
  std::string_view path = target.path;
  const bool is_deleted = path.ends_with(deleted);
  if (is_deleted) path.remove_suffix(deleted.size());
  // A device has its numbers behind its path; of a socket and its like they tell more than the path does.
  const bool shows_path = target.detail.empty() || path.starts_with('/');
  out_ += '<';
  if (shows_path) append_quoted(out_, std::as_bytes(std::span(path)), hex_strings_, "<>");
  if (!target.detail.empty()) {
    if (shows_path) out_ += '<';
    append_socket(out_, target.detail, target.socket_name);
    if (shows_path) out_ += '>';
  }
  out_ += is_deleted ? ">(deleted)" : ">";
}

void TextWriter::redacted() { out_ += "<redacted>"; }

void TextWriter::begin_struct() { open('{'); }
void TextWriter::field(std::string_view name) {
  separate();
  out_ += name;
  out_ += '=';
}
void TextWriter::unnamed_field(std::string_view) { separate(); }
void TextWriter::end_struct() { close('}'); }
void TextWriter::begin_array() { open('['); }
void TextWriter::element() { separate(); }
void TextWriter::end_array() { close(']'); }
void TextWriter::index(std::string_view name) {
  out_ += '[';
  out_ += name;
  out_ += "]=";
}

void TextWriter::begin_set(bool inverted) {
  if (inverted) out_ += '~';
  open('[');
}
void TextWriter::member() { separate(" "); }
void TextWriter::end_set() { close(']'); }
void TextWriter::changed() { out_ += " => "; }
void TextWriter::more() {
  separate();
  out_ += "...";
}

void TextWriter::unknown_bytes(std::uint64_t offset, Bytes bytes, std::uint64_t size) {
  separate();
  fmt::format_to(std::back_inserter(out_), "/* bytes {}..{} */ \"", offset, offset + size - 1);
  append_quoted(out_, bytes, HexStrings::all);
  out_ += bytes.size() < size ? "\"..." : "\"";
}

void TextWriter::label(std::string_view name) {
  out_ += name;
  out_ += '=';
}

void TextWriter::comment(std::string_view text) {
  out_ += " /* ";
  out_ += text;
  out_ += " */";
}

void TextWriter::remark(std::string_view text) {
  out_ += " (";
  out_ += text;
  out_ += ')';
}

void TextWriter::verbatim(std::string_view text) { out_ += text; }

void TextWriter::begin_call(std::string_view name) {
  out_ += name;
  open('(');
}
void TextWriter::argument() { separate(); }
void TextWriter::end_call() { close(')'); }

void TextWriter::open(char bracket) {
  out_ += bracket;
  started_.push_back(false);
}

void TextWriter::close(char bracket) {
  out_ += bracket;
  if (!started_.empty()) started_.pop_back();
}

void TextWriter::separate(std::string_view separator) {
  if (started_.empty()) return;
  if (started_.back()) out_ += separator;
  started_.back() = true;
}

}  // namespace sonde::decode
