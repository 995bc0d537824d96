// Lines for the user on standard error.
#pragma once

#include <string_view>

#include "sonde/base/result.hpp"

namespace sonde::cli {

// "sonde: TEXT" as one line, in one write; control characters are shown as \xNN.
void complain(std::string_view text);
void complain(const Error& error);
// A text of several lines, as it is, with a newline at its end.
void write_block(std::string_view text);

}  // namespace sonde::cli
