#include "sonde/allocator/functions.hpp"

#include <algorithm>
#include <array>

namespace sonde::allocator {

namespace {

constexpr std::array rows{
#define ALLOCATOR_FUNCTION(identifier, name, kind, shape) FunctionRow{name, Kind::kind, Shape::shape},
#include "sonde/allocator/functions.def"
#undef ALLOCATOR_FUNCTION
};

struct Readable {
  std::string_view prefix;
  std::string_view name;
};
constexpr std::array readable{
    Readable{"_Znw", "operator new"},
    Readable{"_Zna", "operator new[]"},
    Readable{"_Zdl", "operator delete"},
    Readable{"_Zda", "operator delete[]"},
};

}  // namespace

std::span<const FunctionRow> functions() { return rows; }

const FunctionRow* row_of(Function function) {
  const auto index = static_cast<std::size_t>(function);
  return index == 0 || index > rows.size() ? nullptr : &rows[index - 1];
}

std::optional<Function> find(std::string_view symbol) {
  const auto* found =
      std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.symbol == symbol; });
  if (found == rows.end()) return std::nullopt;
  return static_cast<Function>(found - rows.begin() + 1);
}

std::string_view name_of(Function function) {
  const FunctionRow* row = row_of(function);
  if (row == nullptr) return {};
  const auto* found = std::find_if(readable.begin(), readable.end(), [&](const Readable& known) {
    return row->symbol.starts_with(known.prefix);
  });
  return found == readable.end() ? row->symbol : found->name;
}

}  // namespace sonde::allocator
