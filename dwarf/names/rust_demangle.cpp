#include "rust_demangle.hpp"

#include <fmt/format.h>

#include "rust_parts.hpp"

namespace sonde::names {

// A clone of a function, by the compiler or linker: ".cold.1". What LLVM adds to promoted names is noise.
std::optional<std::string> suffix_of(std::string_view rest) {
  if (rest.empty() || rest.starts_with(".llvm.")) return "";
  if (rest.front() != '.' && rest.front() != '$') return std::nullopt;
  return fmt::format(" [clone {}]", rest);
}

std::optional<std::string> demangle_rust(std::string_view name) {
  if (name.starts_with("_R")) return demangle_rust_v0(name.substr(2));
  if (name.starts_with("_ZN")) return demangle_rust_legacy(name.substr(3));
  return std::nullopt;
}

}  // namespace sonde::names
