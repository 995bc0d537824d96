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

// What its call means.
enum class HeapPurpose : std::uint8_t {
  allocator,
  round,     // A round of the program's work begins.
  executes,  // The program asks for another in its place.
};

struct HeapFunction {
  std::string symbol;
  allocator::Function number{};  // named_by_user for one that the table does not have.
  allocator::Kind kind = allocator::Kind::user;
  HeapArguments arguments = {};
  HeapPurpose purpose = HeapPurpose::allocator;

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

  // Of two with the same symbol the user's counts. `round`: the function whose calls begin rounds, as its
  // symbol has it or as it is demangled, with or without parameters; empty for none.
  explicit HeapFunctions(std::span<const HeapFunction> by_user, std::string_view round = {},
                         bool before_exec = false);

  const HeapFunction& operator[](Id id) const { return functions_[id]; }
  std::optional<Id> find(std::string_view symbol) const;

 private:
  bool is_round(std::string_view symbol) const;

  std::string round_;
  std::optional<Id> round_id_;
  std::vector<HeapFunction> functions_;
  std::unordered_map<std::string_view, Id> by_symbol_;
};

}  // namespace sonde::record
