// Turns a syntax tree into a typed one.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sonde/base/limits.hpp"
#include "sonde/filter/typed.hpp"

namespace sonde::filter {

class Checker {
 public:
  Checker(const Expr& whole, std::string_view source);

  Result<Node> node(const Expr& expr);

 private:
  Result<Node> test(const Expr& expr);
  Result<void> body(const Expr& expr, Test& into);
  Result<void> operator_fits(const Expr& expr, FieldType type) const;

  Result<void> boolean(const Expr& expr, Test& into);
  Result<void> integers(const Expr& expr, Test& into);
  Result<void> bits(const Expr& expr, Test& into);
  Result<void> syscalls(const Expr& expr, Test& into);
  Result<void> strings(const Expr& expr, Test& into);
  Result<void> flags(const Expr& expr, Test& into);
  Result<void> stack(const Expr& expr, Test& into);

  Result<Wide> integer(const Expr& expr, Field field, const Literal& literal) const;
  Result<Wide> named_integer(Field field, const Literal& literal) const;
  Result<std::uint32_t> bit_of(const Expr& expr, Field field, const Literal& literal) const;
  Result<SyscallSet> calls(const Literal& literal) const;
  Result<std::vector<FlagCase>> flag(const Expr& expr, const Literal& literal) const;
  Result<StringTest> regex(const Literal& literal) const;

  Failure wrong_type(const Expr& expr, const Literal& literal) const;
  Failure unknown(std::string_view what, const Literal& literal,
                  std::span<const std::string_view> known) const;
  Failure unknown_field(const Expr& expr) const;

  std::string_view source_;
  std::int64_t regex_bytes_;  // limits::filter_regex_bytes, shared out evenly.
};

// The normalised right side of a test: " in [open, openat]".
std::string right_side_text(const Expr& expr, Field field);

// "as in fd == 3", for a hint.
std::string example(Field field);

}  // namespace sonde::filter
