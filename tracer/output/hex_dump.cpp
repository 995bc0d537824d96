#include "sonde/output/hex_dump.hpp"

#include <algorithm>

#include "output/text.hpp"

namespace sonde::output {

namespace {

constexpr std::size_t line_bytes = 16;

void append_place(std::string& out, Place place, std::uint64_t at) {
  if (place == Place::offset) {
    append(out, "{:04x}", at);
  } else {
    append(out, "{:#x}", at);
  }
}

void append_line(std::string& out, Bytes line) {
  out += ' ';
  for (std::size_t i = 0; i < line_bytes; ++i) {
    if (i == line_bytes / 2) out += ' ';
    if (i < line.size()) {
      append(out, " {:02x}", static_cast<unsigned>(line[i]));
    } else {
      out += "   ";
    }
  }
  out += "  ";
  for (const std::byte byte : line) {
    const auto c = static_cast<char>(byte);
    out += c >= ' ' && c <= '~' ? c : '.';
  }
  out += '\n';
}

}  // namespace

void append_dump(std::string& out, Bytes bytes, std::span<const Hole> holes, std::string_view indent,
                 Place place, std::uint64_t first) {
  auto hole = holes.begin();
  Bytes before;
  bool starred = false;
  for (std::size_t at = 0; at < bytes.size();) {
    if (hole != holes.end() && hole->begin == at) {
      out += indent;
      append_place(out, place, first + at);
      append(out, "  {} bytes that cannot be read\n", hole->end - hole->begin);
      at = hole++->end;
      before = {};
      continue;
    }
    const std::size_t end = hole != holes.end() ? hole->begin : bytes.size();
    const auto line = bytes.subspan(at, std::min(line_bytes, end - at));
    const bool same = line.size() == line_bytes && before.size() == line_bytes &&
                      std::equal(line.begin(), line.end(), before.begin());
    if (!same) {
      out += indent;
      append_place(out, place, first + at);
      append_line(out, line);
    } else if (!starred) {
      append(out, "{}*\n", indent);
    }
    starred = same;
    before = line;
    at += line.size();
  }
}

}  // namespace sonde::output
