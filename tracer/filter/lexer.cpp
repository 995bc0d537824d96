#include "lexer.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "sonde/filter/diagnostic.hpp"

namespace sonde::filter {

namespace {

struct Unit {
  std::string_view name;
  LiteralKind kind;
  std::uint64_t factor;
};

constexpr std::uint64_t thousand = 1000;
constexpr std::array<Unit, 15> units = {{
    {"B", LiteralKind::size, 1},
    {"K", LiteralKind::size, 1 << 10},
    {"KiB", LiteralKind::size, 1 << 10},
    {"kB", LiteralKind::size, thousand},
    {"M", LiteralKind::size, 1 << 20},
    {"MiB", LiteralKind::size, 1 << 20},
    {"MB", LiteralKind::size, thousand* thousand},
    {"G", LiteralKind::size, 1 << 30},
    {"GiB", LiteralKind::size, 1 << 30},
    {"GB", LiteralKind::size, thousand* thousand* thousand},
    {"ns", LiteralKind::duration, 1},
    {"us", LiteralKind::duration, thousand},
    {"ms", LiteralKind::duration, thousand* thousand},
    {"s", LiteralKind::duration, thousand* thousand* thousand},
    {"m", LiteralKind::duration, 60 * thousand* thousand* thousand},
}};

constexpr auto unit_names = [] {
  std::array<std::string_view, units.size()> names;
  for (std::size_t i = 0; i < units.size(); ++i) names[i] = units[i].name;
  return names;
}();

// Longest first, so that "<=" is not read as "<".
constexpr std::array<std::string_view, 21> symbols = {"==", "!=", "<=", ">=", "=~", "!~", "||",
                                                      "&&", "..", "<",  ">",  "!",  "(",  ")",
                                                      "[",  "]",  "{",  "}",  ",",  "-",  ""};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_wildcard(char c) { return c == '*' || c == '?'; }
bool starts_word(char c) { return is_letter(c) || c == '_' || is_wildcard(c); }

unsigned digit_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 99;
}

}  // namespace

bool is_word_character(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

Span Lexer::from(std::size_t begin) const {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)};
}

Token Lexer::token(TokenKind kind, std::size_t begin) const {
  return {kind, from(begin), source_.substr(begin, at_ - begin), {}};
}

Token Lexer::literal_token(LiteralKind kind, std::size_t begin) const {
  Token made = token(TokenKind::literal, begin);
  made.literal.kind = kind;
  made.literal.span = made.span;
  return made;
}

Result<Token> Lexer::next() {
  while (is_space(peek())) ++at_;
  const std::size_t begin = at_;
  if (begin >= source_.size()) return token(TokenKind::end, begin);
  const char c = peek();
  if (c == '"' || c == '\'') return string_token(begin);
  if (is_digit(c)) return number_token(begin);
  if (c == '%') return class_token(begin);
  if (!starts_word(c)) return symbol_token(begin);
  // A dot belongs to the word where a letter follows (alloc.size), so that a range's two dots never do.
  while (is_word_character(peek()) || is_wildcard(peek()) || (peek() == '.' && is_letter(peek(1)))) ++at_;
  return token(TokenKind::word, begin);
}

Result<Token> Lexer::class_token(std::size_t begin) {
  ++at_;
  if (peek() == '%') ++at_;
  while (is_word_character(peek())) ++at_;
  Token made = literal_token(LiteralKind::class_name, begin);
  made.literal.text = made.text.substr(1);
  if (!is_word_character(made.text.back())) {
    return complain(source_, made.span, "'%' must be followed by the name of a class", "as in %file");
  }
  return made;
}

Result<Token> Lexer::symbol_token(std::size_t begin) {
  for (const std::string_view symbol : symbols) {
    if (symbol.empty() || source_.substr(begin, symbol.size()) != symbol) continue;
    at_ += symbol.size();
    return token(TokenKind::symbol, begin);
  }
  const char c = peek();
  ++at_;
  while (at_ < source_.size() && (static_cast<unsigned char>(peek()) & 0xc0) == 0x80) ++at_;
  const std::string message = fmt::format("unexpected '{}'", shown(source_.substr(begin, at_ - begin)));
  const std::string_view hint = c == '='   ? "did you mean '=='?"
                                : c == '&' ? "did you mean '&&'?"
                                : c == '|' ? "did you mean '||'?"
                                           : "";
  return complain(source_, from(begin), message, hint);
}

Result<Token> Lexer::number_token(std::size_t begin) {
  unsigned base = 10;
  if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'o' || peek(1) == 'b')) {
    base = peek(1) == 'x' ? 16 : peek(1) == 'o' ? 8 : 2;
    at_ += 2;
  }
  unsigned __int128 value = 0;
  constexpr unsigned __int128 largest = ~std::uint64_t{0};
  bool digit_before = false;
  bool malformed = false;
  for (;; ++at_) {
    const char c = peek();
    if (c == '_') {
      malformed |= !digit_before;
      digit_before = false;
      continue;
    }
    if (digit_value(c) >= base) break;
    digit_before = true;
    if (value <= largest) value = value * base + digit_value(c);
  }
  const std::size_t unit_begin = at_;
  while (is_word_character(peek())) ++at_;
  if (!digit_before || malformed || (base != 10 && at_ != unit_begin)) {
    return complain(source_, from(begin),
                    fmt::format("'{}' is not a number", shown(source_.substr(begin, at_ - begin))),
                    "numbers are written 42, 1_000, 0x2a, 0o52 or 0b101010");
  }
  Token made = literal_token(LiteralKind::number, begin);
  if (const std::string_view name = source_.substr(unit_begin, at_ - unit_begin); !name.empty()) {
    const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == name; });
    if (unit == units.end()) {
      // Of a single letter every other is one step away, and any would do.
      const std::string hint = name.size() > 1 ? did_you_mean(nearest(name, unit_names)) : std::string();
      return complain(
          source_, from(unit_begin), fmt::format("unknown unit '{}'", shown(name)),
          hint.empty() ? "units are B, K, M, G, KiB, MiB, GiB, kB, MB, GB and ns, us, ms, s, m" : hint);
    }
    made.literal.kind = unit->kind;
    if (value <= largest) value *= unit->factor;
  }
  if (value > largest) return complain(source_, made.span, "this number does not fit in 64 bits");
  made.literal.number = static_cast<Wide>(value);
  return made;
}

Result<Token> Lexer::string_token(std::size_t begin) {
  const char quote = peek();
  ++at_;
  std::string bytes;
  while (peek() != quote) {
    if (at_ >= source_.size()) {
      return complain(source_, from(begin), "this string is not closed", fmt::format("it needs a {}", quote));
    }
    if (peek() != '\\') {
      bytes += peek();
      ++at_;
      continue;
    }
    auto byte = escape();
    if (!byte) return Failure(std::move(byte.error()));
    bytes += *byte;
  }
  ++at_;
  Token made = literal_token(LiteralKind::string, begin);
  made.literal.text = std::move(bytes);
  return made;
}

// C's escapes: the simple ones, up to three octal digits, \x with one or two hexadecimal digits.
Result<char> Lexer::escape() {
  constexpr std::string_view letters = "abefnrtv\\\"'?";
  constexpr std::string_view values = "\a\b\033\f\n\r\t\v\\\"'?";
  const std::size_t begin = at_++;
  const char c = peek();
  if (digit_value(c) < 8) {
    unsigned value = 0;
    for (int i = 0; i < 3 && digit_value(peek()) < 8; ++i, ++at_) value = value * 8 + digit_value(peek());
    if (value > 255) return complain(source_, from(begin), "this escape is larger than a byte");
    return static_cast<char>(value);
  }
  if (c == 'x' && digit_value(peek(1)) < 16) {
    ++at_;
    unsigned value = 0;
    for (int i = 0; i < 2 && digit_value(peek()) < 16; ++i, ++at_) value = value * 16 + digit_value(peek());
    return static_cast<char>(value);
  }
  if (at_ < source_.size()) ++at_;
  const std::size_t index = letters.find(c);
  if (c == '\0' || index >= values.size()) {
    return complain(source_, from(begin),
                    fmt::format("unknown escape '{}'", shown(source_.substr(begin, at_ - begin))),
                    "C's escapes are known; a backslash itself is written \\\\");
  }
  return values[index];
}

}  // namespace sonde::filter
