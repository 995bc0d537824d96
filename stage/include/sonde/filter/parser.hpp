// Filter text to syntax tree: the grammar, and nothing of names and types.
//
//   expr       = and { ("||" | "or") and }
//   and        = not { ("&&" | "and") not }
//   not        = ("!" | "not") not | "(" expr ")" | test
//   test       = field                                                   a bare boolean field
//              | field ("==" | "!=" | "<" | "<=" | ">" | ">=") literal
//              | field ("=~" | "!~") string
//              | field ["not"] "in" (set | literal ".." literal)
//              | field "has" (literal | set | word string)
//   set        = "[" item {"," item} "]" | "{" ... "}"                   item = literal [".." literal]
#pragma once

#include <string_view>

#include "sonde/base/result.hpp"
#include "sonde/filter/ast.hpp"

namespace sonde::filter {

// Errors carry the block of diagnostic.hpp. Bounds: limits::filter_bytes, filter_nesting (parentheses and
// negations), filter_set_items.
Result<Expr> parse(std::string_view source);

}  // namespace sonde::filter
