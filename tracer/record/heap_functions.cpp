#include "sonde/record/heap_functions.hpp"

#include <fmt/format.h>

#include "sonde/names/demangle.hpp"

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

HeapFunctions::HeapFunctions(std::span<const HeapFunction> by_user, std::string_view round, bool before_exec)
    : round_(round), functions_(by_user.begin(), by_user.end()) {
  if (!round_.empty()) {
    round_id_ = static_cast<Id>(functions_.size());
    functions_.push_back({.symbol = round_, .purpose = HeapPurpose::round});
  }
  for (std::size_t i = 0; i < allocator::functions().size(); ++i) {
    const auto& row = allocator::functions()[i];
    functions_.push_back({std::string(row.symbol), static_cast<allocator::Function>(i + 1), row.kind,
                          arguments_of(row.shape)});
  }
  for (const char* symbol : {"execve", "execveat", "fexecve"}) {
    if (before_exec) functions_.push_back({.symbol = symbol, .purpose = HeapPurpose::executes});
  }
  for (std::size_t id = 0; id < functions_.size(); ++id) {
    by_symbol_.try_emplace(functions_[id].symbol, static_cast<Id>(id));
  }
}

// Most symbols are told apart before anything is demangled: the last part of its name is in its symbol.
bool HeapFunctions::is_round(std::string_view symbol) const {
  if (!symbol.starts_with("_Z") && !symbol.starts_with("_R")) return false;
  if (symbol.find('.') != std::string_view::npos) return false;  // A part of one: "_Z1fi.cold".
  const std::string_view bare = std::string_view(round_).substr(0, round_.find_first_of("(<"));
  const std::size_t last = bare.rfind(':');
  if (symbol.find(last == std::string_view::npos ? bare : bare.substr(last + 1)) == std::string_view::npos)
    return false;
  const auto name = names::demangle(symbol);
  return name && name->starts_with(round_) &&
         (name->size() == round_.size() || (*name)[round_.size()] == '(');
}

std::optional<HeapFunctions::Id> HeapFunctions::find(std::string_view symbol) const {
  const auto found = by_symbol_.find(symbol);
  if (found != by_symbol_.end()) return found->second;
  return round_id_ && is_round(symbol) ? round_id_ : std::nullopt;
}

}  // namespace sonde::record
