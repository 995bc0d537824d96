// Identifiers beyond ASCII, as Rust's v0 mangling writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::names {

// The UTF-8 form of a code point; nullopt for a surrogate or a number beyond U+10FFFF.
std::optional<std::string> utf8(std::uint64_t code_point);

// RFC 3492, with "_" where that has "-". Quadratic in the length, which demangle_input_bytes bounds. nullopt
// for damaged text.
std::optional<std::string> decode_punycode(std::string_view text);

}  // namespace sonde::names
