// Splits filter text into tokens. Bounded by limits::filter_bytes through its caller.
#pragma once

#include <string>
#include <string_view>

#include "sonde/base/result.hpp"
#include "sonde/filter/ast.hpp"

namespace sonde::filter {

enum class TokenKind : std::uint8_t {
  end,
  word,     // A field, name, glob or keyword.
  literal,  // A number, size, duration, string or class.
  symbol,   // Brackets, operators, commas.
};

struct Token {
  TokenKind kind = TokenKind::end;
  Span span;
  std::string_view text;  // As written.
  Literal literal;        // Of a literal.

  bool is(std::string_view symbol_or_keyword) const {
    return kind != TokenKind::literal && text == symbol_or_keyword;
  }
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Result<Token> next();

 private:
  Result<Token> string_token(std::size_t begin);
  Result<Token> number_token(std::size_t begin);
  Result<Token> class_token(std::size_t begin);
  Result<Token> symbol_token(std::size_t begin);
  Result<char> escape();
  Token token(TokenKind kind, std::size_t begin) const;
  Token literal_token(LiteralKind kind, std::size_t begin) const;
  Span from(std::size_t begin) const;
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }

  std::string_view source_;
  std::size_t at_ = 0;
};

// True for characters of names: letters, digits and _.
bool is_word_character(char c);

}  // namespace sonde::filter
