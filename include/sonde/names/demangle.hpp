// From the names of symbols to what the source says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sonde::names {

// The demangled form of a C++ name (Itanium C++ ABI, "_Z…") or a Rust name ("_R…", and "_ZN…17h…E" of
// before), with the parameters of a C++ function and without a Rust function's hash. A clone's suffix comes
// as " [clone .part.0]", a symbol version ("@@V1") is left off. nullopt for a name that is not mangled, is
// damaged, or that it would cost too much to find out: the input is hostile, and both time and length may
// grow exponentially with it. Bounded by demangle_input_bytes, demangled_bytes and demangle_conversions. The
// result is untrusted text.
std::optional<std::string> demangle(std::string_view name);

}  // namespace sonde::names
