#include "sonde/filter/field.hpp"

#include <algorithm>
#include <array>

namespace sonde::filter {

namespace {

enum class Since : std::uint8_t { entry, exit };

struct Row {
  FieldType type;
  Since since;
};

constexpr std::array rows = {
#define FIELD(identifier, name, type, since) Row{FieldType::type, Since::since},
#include "sonde/filter/fields.def"
#undef FIELD
};

constexpr std::array<std::string_view, rows.size()> names = {
#define FIELD(identifier, name, type, since) name,
#include "sonde/filter/fields.def"
#undef FIELD
};

constexpr std::array<std::string_view, 7> kinds = {"syscall", "alloc",   "free",   "realloc",
                                                   "signal",  "process", "mapping"};
constexpr std::array<std::string_view, 5> statuses = {"successful", "failed", "unfinished", "unavailable",
                                                      "detached"};

}  // namespace

std::string_view name(Field field) { return names[static_cast<std::size_t>(field)]; }

FieldType type(Field field) { return rows[static_cast<std::size_t>(field)].type; }

bool known_at_exit(Field field) { return rows[static_cast<std::size_t>(field)].since == Since::exit; }

std::optional<Field> field_named(std::string_view wanted) {
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found == names.end()) return std::nullopt;
  return static_cast<Field>(found - names.begin());
}

std::span<const std::string_view> field_names() { return names; }
std::span<const std::string_view> event_kind_names() { return kinds; }
std::span<const std::string_view> call_status_names() { return statuses; }

}  // namespace sonde::filter
