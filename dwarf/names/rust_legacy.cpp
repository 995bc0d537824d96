// Rust's legacy mangling, which dresses paths as C++ names; printed without hashes.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

#include "punycode.hpp"
#include "rust_parts.hpp"

namespace sonde::names {

namespace {

// What stands for a character between two "$".
std::optional<std::string> legacy_escape(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> escapes[] = {
      {"SP", "@"}, {"BP", "*"}, {"RF", "&"}, {"LT", "<"}, {"GT", ">"}, {"LP", "("}, {"RP", ")"}, {"C", ","}};
  for (const auto& [escape, text] : escapes)
    if (name == escape) return std::string(text);
  std::uint32_t value = 0;
  if (!name.starts_with('u') || name.size() > 7) return std::nullopt;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), value, 16);
  if (error != std::errc{} || end != name.data() + name.size() || value < ' ' || value == 0x7f)
    return std::nullopt;
  return utf8(value);
}

void append_legacy(std::string& output, std::string_view part) {
  if (part.starts_with("_$")) part.remove_prefix(1);
  while (!part.empty()) {
    const std::size_t end = part.find('$', 1);
    if (part.starts_with("..")) {
      output += "::";
      part.remove_prefix(2);
    } else if (part.front() != '$') {
      output += part.front();
      part.remove_prefix(1);
    } else if (const auto text =
                   end == std::string_view::npos ? std::nullopt : legacy_escape(part.substr(1, end - 1))) {
      output += *text;
      part.remove_prefix(end + 1);
    } else {
      output += part;
      return;
    }
  }
}

bool is_hash(std::string_view part) {
  return part.size() == 17 && part.front() == 'h' && std::all_of(part.begin() + 1, part.end(), is_lower_hex);
}

}  // namespace

// "_ZN", parts with their lengths before them, the last one a hash, "E".
std::optional<std::string> demangle_rust_legacy(std::string_view rest) {
  std::vector<std::string_view> parts;
  while (!rest.empty() && rest.front() != 'E') {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
    if (error != std::errc{}) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (size == 0 || size > rest.size()) return std::nullopt;
    parts.push_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  if (rest.empty() || parts.size() < 2 || !is_hash(parts.back())) return std::nullopt;
  const auto suffix = suffix_of(rest.substr(1));
  if (!suffix) return std::nullopt;
  parts.pop_back();
  std::string output;
  for (const std::string_view part : parts) {
    if (!output.empty()) output += "::";
    append_legacy(output, part);
  }
  return output + *suffix;
}

}  // namespace sonde::names
