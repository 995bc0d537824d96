// What an address is called, as text and as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sonde/names/module.hpp"

namespace sonde::output {

// Appends a name that comes from a file: control characters, and bytes that are no UTF-8, as \ooo in octal.
// All else stays as it is, quotes too.
void append_name(std::string& out, std::string_view name);

// Appends two lines a frame, the function and FILE:LINE:COLUMN, and an empty line: the form of
// llvm-symbolizer, with "??" and 0 for what is not known. `demangled` says which form of the name is shown.
void append_location_text(std::string& out, const names::Location& location, bool demangled);

// Appends one line, an object as docs/json.md describes it.
void append_location_json(std::string& out, std::uint64_t address, const names::Location& location);

}  // namespace sonde::output
