// The typed tree: an expression whose names are resolved and whose comparisons make sense. What evaluate(),
// the pushdown and explain() read. Immutable and cheap to copy; its depth is bounded as its syntax tree's is.
#pragma once

#include <array>
#include <bitset>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"
#include "sonde/filter/ast.hpp"
#include "sonde/filter/field.hpp"
#include "sonde/syscall/constants.hpp"
#include "sonde/syscall/table.hpp"

namespace re2 {
class RE2;
}

namespace sonde::filter {

// System calls by ABI and number. Numbers from `numbers` on (and x32's without their bit 30) are never in.
class SyscallSet {
 public:
  static constexpr std::uint32_t numbers = 1024;

  void insert(Abi abi, std::uint32_t nr);
  bool contains(Abi abi, std::uint32_t nr) const;
  bool empty() const;
  SyscallSet& operator|=(const SyscallSet& other);

 private:
  std::array<std::bitset<numbers>, 3> calls_;
};

// Integers, durations, errnos and signals. A single value matches a register modulo its width, so that -1
// finds an unsigned int of all ones; a range goes by the register's own sign.
struct IntegerTest {
  std::vector<Wide> values;                   // Sorted.
  std::vector<std::pair<Wide, Wide>> ranges;  // Both ends included; sorted, neither touching nor overlapping.
};

struct BooleanTest {};

// kind, status (bits of field.hpp) and class (bits of syscall::Class): any of them.
struct BitsTest {
  std::uint32_t mask = 0;
};

struct SyscallTest {
  SyscallSet set;
};

// Any of these. Globs know * and ? over bytes; the expression is RE2's, over bytes too (Latin-1), unanchored.
struct StringTest {
  std::vector<std::string> values;  // Sorted.
  std::vector<std::string> globs;
  std::shared_ptr<const re2::RE2> regex;
};

// One flag: the argument's bits under `mask` are `value`, for arguments that print from `set`, or any flags
// argument when that is null.
struct FlagCase {
  const syscall::ConstantSet* set = nullptr;
  std::uint64_t mask = 0;
  std::uint64_t value = 0;
};

// All of the flags, each by whichever case fits the argument, in one argument.
struct FlagsTest {
  std::vector<std::vector<FlagCase>> flags;
};

enum class StackPart : std::uint8_t { function, file, module };

struct StackTest {
  StackPart part = StackPart::function;
  std::string name;
};

struct Test {
  Field field = Field::kind;
  bool negated = false;  // !=, !~, not in: none of the field's values passes.
  std::variant<BooleanTest, IntegerTest, BitsTest, SyscallTest, StringTest, FlagsTest, StackTest> body;
  std::string text;  // Normalised: `syscall in [open, openat]`.
};

struct Node {
  enum class Op : std::uint8_t { any_of, all_of, negation, test };

  Op op = Op::test;
  std::vector<Node> operands;        // any_of, all_of: two or more. negation: one.
  std::shared_ptr<const Test> test;  // Of a test; never null there.
};

struct TypedExpr {
  Node root;
};

// Resolves names and types. `source` is the text that `expr` was parsed from, for the errors: an unknown name
// suggests the nearest known one, a comparison of wrong types says what is expected.
Result<TypedExpr> check(const Expr& expr, std::string_view source);

// parse() and check().
Result<TypedExpr> compile(std::string_view source);

// True only where all are. Needs at least one.
TypedExpr all_of(std::vector<TypedExpr> exprs);

// The expression in normal form, fit to be parsed again: && || !, parentheses only where needed.
std::string to_text(const Node& node);

// `text` in double quotes with C escapes, as the language reads it.
std::string quoted(std::string_view text);

}  // namespace sonde::filter
