// The functions that programs allocate with: a table, which the tracer reads to know which arguments count,
// and the console to name what was called and to see what does not belong together.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sonde::allocator {

// A row's place in the table. Events have it as a number; 0 stands for a function that the user has named.
enum class Function : std::uint16_t {
  named_by_user,
#define ALLOCATOR_FUNCTION(identifier, name, kind, shape) identifier,
#include "sonde/allocator/functions.def"
#undef ALLOCATOR_FUNCTION
};

// What one kind has allocated only the same kind may release.
enum class Kind : std::uint8_t { c, cxx, cxx_array, jemalloc, rust_jemalloc, mimalloc, user };

// What a function's arguments are, first to last.
enum class Shape : std::uint8_t {
  size,
  count_size,
  size_alignment,
  alignment_size,
  out_alignment_size,  // The block's address is stored where the first argument points; the result is an
                       // errno.
  pointer_size,        // A block that exists is to have another size.
  pointer_count_size,
  pointer,  // It is released.
};

struct FunctionRow {
  std::string_view symbol;  // As a symbol table has it.
  Kind kind;
  Shape shape;
};

inline constexpr bool releases(Shape shape) { return shape == Shape::pointer; }
inline constexpr bool resizes(Shape shape) {
  return shape == Shape::pointer_size || shape == Shape::pointer_count_size;
}

// All rows, by Function less one: the table has none for a function that the user has named.
std::span<const FunctionRow> functions();

// The row of a function of the table; nullptr for named_by_user and for numbers that the table does not have.
const FunctionRow* row_of(Function function);

std::optional<Function> find(std::string_view symbol);

// As people write it: "malloc", "operator new[]". Empty for what row_of() does not know.
std::string_view name_of(Function function);

}  // namespace sonde::allocator
