#include "sonde/base/diagnostic.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace sonde {

namespace {

constexpr std::size_t window = 100;  // Bytes of source that are shown at most.
constexpr std::size_t lead = 40;     // Of those, before the marked place, when the source is cut.
constexpr std::size_t longest_name = 64;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

char shown_as(char c) {
  if (c == '\t') return ' ';
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f ? '?' : c;
}

// UTF-8 is let through only whole: a terminal must not be handed stray bytes (C1 controls among them).
std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc3 ? 2 : 0;
  if (length == 0 || first >= 0xf5 || length > text.size()) return 0;
  return std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(length),
                     continues_character)
             ? length
             : 0;
}

// The code point of a whole character of UTF-8.
char32_t code_point(std::string_view character) {
  constexpr std::array<unsigned, 5> first_bits = {0, 0x7f, 0x1f, 0x0f, 0x07};
  char32_t code = static_cast<unsigned char>(character.front()) & first_bits[character.size()];
  for (const char c : character.substr(1)) code = (code << 6) | (static_cast<unsigned char>(c) & 0x3f);
  return code;
}

// How many columns of a terminal a character takes: Unicode's East Asian Width, and marks that join what is
// before them.
std::size_t width(char32_t code) {
  struct Range {
    char32_t first;
    char32_t last;
  };
  constexpr std::array<Range, 4> joining = {
      {{0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}}};
  constexpr std::array<Range, 9> wide = {{{0x1100, 0x115f},
                                          {0x2e80, 0x303e},
                                          {0x3041, 0xa4cf},
                                          {0xac00, 0xd7a3},
                                          {0xf900, 0xfaff},
                                          {0xfe30, 0xfe6f},
                                          {0xff01, 0xff60},
                                          {0x1f300, 0x1faff},
                                          {0x20000, 0x3fffd}}};
  const auto holds = [&](Range range) { return range.first <= code && code <= range.last; };
  if (std::any_of(joining.begin(), joining.end(), holds)) return 0;
  return std::any_of(wide.begin(), wide.end(), holds) ? 2 : 1;
}

struct Line {
  std::string text;
  std::size_t columns = 0;

  void append(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t length = character_length(bytes);
      if (length <= 1) {
        text += length == 0 ? '?' : shown_as(bytes.front());
        ++columns;
      } else {
        text += bytes.substr(0, length);
        columns += width(code_point(bytes.substr(0, length)));
      }
      bytes.remove_prefix(std::max<std::size_t>(length, 1));
    }
  }
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::array<std::size_t, longest_name + 1> row{};
  std::array<std::size_t, longest_name + 1> before{};  // The row before the last, for transpositions.
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const auto previous = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before = previous;
  }
  return row[b.size()];
}

}  // namespace

std::string diagnostic(std::string_view source, Span at, std::string_view message, std::string_view hint) {
  std::size_t begin = std::min<std::size_t>(at.begin, source.size());
  std::size_t end = std::clamp<std::size_t>(at.end, begin, source.size());
  std::size_t line_begin = begin == 0 ? 0 : source.rfind('\n', begin - 1) + 1;
  std::size_t line_end = std::min(source.find('\n', begin), source.size());

  const bool cut_front = begin - line_begin > window - lead;
  if (cut_front) line_begin = begin - lead;
  while (line_begin < begin && continues_character(source[line_begin])) ++line_begin;
  const bool cut_back = line_end - line_begin > window;
  if (cut_back) line_end = line_begin + window;
  while (cut_back && line_end > begin && continues_character(source[line_end])) --line_end;
  end = std::min(end, line_end);

  Line line;
  if (cut_front) line.append("...");
  line.append(source.substr(line_begin, begin - line_begin));
  const std::size_t column = line.columns;
  if (end > begin) line.append(source.substr(begin, end - begin));
  const std::size_t marked = std::max<std::size_t>(line.columns - column, 1);
  if (line_end > end) line.append(source.substr(end, line_end - end));
  if (cut_back) line.append("...");

  std::string block = fmt::format("error: {}\n  {}\n  {}^{}", message, line.text, std::string(column, ' '),
                                  std::string(marked - 1, '~'));
  if (!hint.empty()) block += fmt::format("  {}", hint);
  return block;
}

std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates) {
  if (name.empty() || name.size() > longest_name) return {};
  std::size_t best = std::max<std::size_t>(name.size() / 3, 1) + 1;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > longest_name || candidate.size() + best <= name.size() ||
        name.size() + best <= candidate.size()) {
      continue;
    }
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best) {
      best = distance;
      found = candidate;
    }
  }
  return found;
}

std::string did_you_mean(std::string_view name) {
  return name.empty() ? std::string() : fmt::format("did you mean '{}'?", name);
}

std::string printable(std::string_view text) {
  Line line;
  line.append(text);
  return line.text;
}

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 40;
  Line line;
  line.append(text.substr(0, longest));
  if (text.size() > longest) line.append("...");
  return line.text;
}

}  // namespace sonde
