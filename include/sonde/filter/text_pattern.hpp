// A regular expression of the user's, outside of a filter expression.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "sonde/base/result.hpp"

namespace sonde::filter {

// Whether a text has a match for `expression` (RE2's syntax, over bytes, unanchored). Fails with RE2's words
// on what does not parse, and beyond limits::filter_regex_bytes.
Result<std::function<bool(std::string_view)>> text_pattern(const std::string& expression);

}  // namespace sonde::filter
