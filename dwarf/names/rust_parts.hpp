// What Rust's two manglings have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sonde::names {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_lower_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// A clone of a function, by the compiler or linker: ".cold.1". What LLVM adds to promoted names is noise.
std::optional<std::string> suffix_of(std::string_view rest);

// The name behind "_R" (v0), and that behind "_ZN" (legacy).
std::optional<std::string> demangle_rust_v0(std::string_view rest);
std::optional<std::string> demangle_rust_legacy(std::string_view rest);

}  // namespace sonde::names
