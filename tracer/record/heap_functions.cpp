#include "sonde/record/heap_functions.hpp"

#include <fmt/format.h>

namespace sonde::record {

namespace {

using allocator::Shape;

constexpr std::size_t argument_registers = 6;  // psABI, "Parameter Passing": those that come in registers.

HeapArguments arguments_of(Shape shape) {
  switch (shape) {
    case Shape::size:
      return {.size = 0};
    case Shape::count_size:
      return {.size = 1, .count = 0};
    case Shape::size_alignment:
      return {.size = 0, .alignment = 1};
    case Shape::alignment_size:
      return {.size = 1, .alignment = 0};
    case Shape::out_alignment_size:
      return {.size = 2, .alignment = 1, .result = 0};
    case Shape::pointer_size:
      return {.size = 1, .block = 0};
    case Shape::pointer_count_size:
      return {.size = 2, .count = 1, .block = 0};
    case Shape::pointer:
      return {.block = 0};
  }
  return {};
}

std::optional<std::uint8_t> argument_named(std::string_view text) {
  if (text.size() != 4 || !text.starts_with("arg") || text[3] < '0' ||
      text[3] >= '0' + int{argument_registers}) {
    return std::nullopt;
  }
  return static_cast<std::uint8_t>(text[3] - '0');
}

Failure malformed(std::string_view text, std::string_view why) {
  return fail(ErrorCode::invalid,
              fmt::format("--allocator '{}': {}; write 'name=FUNCTION,size=arg0,returns=pointer' or "
                          "'free=FUNCTION,pointer=arg0'",
                          text, why));
}

}  // namespace

Result<HeapFunction> parse_heap_function(std::string_view text) {
  HeapFunction function;
  bool releases = false;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return malformed(text, fmt::format("'{}' has no '='", part));
    const std::string_view key = part.substr(0, equals);
    const std::string_view value = part.substr(equals + 1);
    if (key == "name" || key == "free") {
      if (!function.symbol.empty() || value.empty()) return malformed(text, "it needs one function");
      function.symbol = value;
      releases = key == "free";
      continue;
    }
    if (key == "returns") {
      if (value != "pointer") return malformed(text, "'pointer' is all that a function can return");
      continue;
    }
    const auto argument = argument_named(value);
    if (!argument) return malformed(text, fmt::format("'{}' is none of arg0 to arg5", value));
    std::optional<std::uint8_t>* meant = key == "size"        ? &function.arguments.size
                                         : key == "count"     ? &function.arguments.count
                                         : key == "alignment" ? &function.arguments.alignment
                                         : key == "pointer"   ? &function.arguments.block
                                                              : nullptr;
    if (meant == nullptr) return malformed(text, fmt::format("'{}' is not known", key));
    *meant = argument;
  }
  if (function.symbol.empty()) return malformed(text, "it names no function");
  if (releases && !function.releases())
    return malformed(text, "what releases a block needs its pointer alone");
  if (!releases && !function.arguments.size) return malformed(text, "what returns a block needs its size");
  return function;
}

HeapFunctions::HeapFunctions(std::span<const HeapFunction> by_user)
    : functions_(by_user.begin(), by_user.end()) {
  for (std::size_t i = 0; i < allocator::functions().size(); ++i) {
    const auto& row = allocator::functions()[i];
    functions_.push_back({std::string(row.symbol), static_cast<allocator::Function>(i + 1), row.kind,
                          arguments_of(row.shape)});
  }
  for (std::size_t id = 0; id < functions_.size(); ++id) {
    by_symbol_.try_emplace(functions_[id].symbol, static_cast<Id>(id));
  }
}

std::optional<HeapFunctions::Id> HeapFunctions::find(std::string_view symbol) const {
  const auto found = by_symbol_.find(symbol);
  if (found == by_symbol_.end()) return std::nullopt;
  return found->second;
}

}  // namespace sonde::record
