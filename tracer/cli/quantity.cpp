#include "sonde/cli/quantity.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include <fmt/format.h>

namespace sonde::cli {

namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr Unit byte_units[] = {
    {"", 1},
    {"B", 1},
    {"K", 1024.0},
    {"KiB", 1024.0},
    {"kB", 1e3},
    {"KB", 1e3},
    {"M", 1048576.0},
    {"MiB", 1048576.0},
    {"MB", 1e6},
    {"G", 1073741824.0},
    {"GiB", 1073741824.0},
    {"GB", 1e9},
    {"T", 1099511627776.0},
    {"TiB", 1099511627776.0},
    {"TB", 1e12},
};
constexpr Unit time_units[] = {
    {"", 1e9}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9},
};
constexpr Unit rate_units[] = {{"", 1}, {"/s", 1}, {"k/s", 1e3}, {"k", 1e3}, {"M/s", 1e6}, {"M", 1e6}};

std::optional<double> quantity(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !(number >= 0)) return std::nullopt;
  const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (unit.name == name) return number * unit.factor;
  }
  return std::nullopt;
}

template <typename T>
Result<T> whole(std::string_view text, std::span<const Unit> units, std::string_view expected) {
  const auto value = quantity(text, units);
  if (!value || *value < 1 || *value > static_cast<double>(std::numeric_limits<T>::max()) / 2) {
    return fail(ErrorCode::invalid, fmt::format("'{}' is no {}", text, expected));
  }
  return static_cast<T>(*value);
}

}  // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
  return whole<std::uint64_t>(text, byte_units, "size; sizes look like 4096, 64KiB or 100MB");
}

Result<std::uint64_t> parse_duration(std::string_view text) {
  return whole<std::uint64_t>(text, time_units, "duration; durations look like 30s, 500ms or 2m");
}

Result<std::uint32_t> parse_sampling(std::string_view text) {
  std::uint32_t n = 0;
  const bool good =
      text.starts_with("1/") &&
      std::from_chars(text.data() + 2, text.data() + text.size(), n).ptr == text.data() + text.size();
  if (!good || n == 0)
    return fail(ErrorCode::invalid, fmt::format("'{}' is no sampling; it looks like 1/100", text));
  return n;
}

Result<std::uint32_t> parse_rate(std::string_view text) {
  return whole<std::uint32_t>(text, rate_units, "rate; rates look like 500/s or 10k/s");
}

}  // namespace sonde::cli
