// What a filter expression says, before names and types are looked at. Plain values; the parser bounds their
// depth by limits::filter_nesting, so recursion over an Expr is bounded too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonde/base/diagnostic.hpp"

namespace sonde::filter {

// A number with its sign, wide enough for every register read as signed or unsigned.
__extension__ using Wide = __int128;

enum class LiteralKind : std::uint8_t {
  number,      // 42, -1, 0x1f
  size,        // 4KiB: `number` counts bytes.
  duration,    // 10ms: `number` counts nanoseconds.
  string,      // `text` holds the bytes, escapes resolved.
  name,        // open, ENOENT, open*
  class_name,  // %file: `text` is "file"; %%stat: "%stat".
};

struct Literal {
  LiteralKind kind = LiteralKind::number;
  Wide number = 0;
  std::string text;
  Span span;
};

// One item of a right side: `low` alone, or the range low..high with both ends included.
struct Item {
  Literal low;
  Literal high;
  bool range = false;
  Span span;
};

enum class Operator : std::uint8_t { none, eq, ne, lt, le, gt, ge, match, not_match, in, not_in, has };

// How the operator is written; "" for none (a bare field).
const char* spelling(Operator op);

struct Expr {
  enum class Kind : std::uint8_t { any_of, all_of, negation, test };

  Kind kind = Kind::test;
  Span span;
  std::vector<Expr> operands;  // any_of, all_of: two or more. negation: one.

  // A test only.
  std::string field;
  Span field_span;
  Operator op = Operator::none;
  Span op_span;
  std::string part;  // `stack has function "main"`: "function".
  Span part_span;
  std::vector<Item> items;  // One for a comparison; those of the set for in and has.
};

}  // namespace sonde::filter
