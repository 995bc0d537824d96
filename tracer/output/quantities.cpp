#include "output/quantities.hpp"

#include <array>

#include <fmt/format.h>

namespace sonde::output {

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1023.95 && unit + 1 < units.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count_text(count), noun, count == 1 ? "" : "s");
}

std::string duration_text(Nanoseconds time) {
  if (time < 1000) return fmt::format("{} ns", time);
  if (time < 1'000'000) return fmt::format("{:.1f} us", static_cast<double>(time) / 1e3);
  if (time < 1'000'000'000) return fmt::format("{:.1f} ms", static_cast<double>(time) / 1e6);
  return fmt::format("{:.3f} s", static_cast<double>(time) / 1e9);
}

}  // namespace sonde::output
