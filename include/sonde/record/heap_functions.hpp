// The functions of allocators that are watched: those of the table, and those that the user has described.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sonde/allocator/functions.hpp"
#include "sonde/arch/registers.hpp"
#include "sonde/base/result.hpp"

namespace sonde::record {

// Which argument of a function tells what; the first is 0.
struct HeapArguments {
  std::optional<std::uint8_t> size = {};
  std::optional<std::uint8_t> count = {};  // By which the size is to be multiplied.
  std::optional<std::uint8_t> alignment = {};
  std::optional<std::uint8_t> block = {};  // The block that is released or resized.
  std::optional<std::uint8_t> result =
      {};  // Points to where the new block's address is stored; the result is an errno.
};

struct HeapFunction {
  std::string symbol;
  allocator::Function number{};  // named_by_user for one that the table does not have.
  allocator::Kind kind = allocator::Kind::user;
  HeapArguments arguments;

  bool releases() const { return arguments.block && !arguments.size; }
  bool resizes() const { return arguments.block && arguments.size; }
  bool by_user() const { return number == allocator::Function::named_by_user; }
};

// "name=my_alloc,size=arg0,returns=pointer" (with count=, alignment=, pointer= as well) or
// "free=my_free,pointer=arg0".
Result<HeapFunction> parse_heap_function(std::string_view text);

class HeapFunctions {
 public:
  using Id = std::uint16_t;

  // Of two with the same symbol the user's counts.
  explicit HeapFunctions(std::span<const HeapFunction> by_user);

  const HeapFunction& operator[](Id id) const { return functions_[id]; }
  std::optional<Id> find(std::string_view symbol) const;

 private:
  std::vector<HeapFunction> functions_;
  std::unordered_map<std::string_view, Id> by_symbol_;
};

}  // namespace sonde::record
