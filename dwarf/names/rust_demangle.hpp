// Rust's two manglings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sonde::names {

// As demangle() says; nullopt for a name that is not Rust's.
std::optional<std::string> demangle_rust(std::string_view name);

}  // namespace sonde::names
