// How every error of the filter language is told: by the block of sonde/base/diagnostic.hpp.
#pragma once

#include <string_view>

#include "sonde/base/diagnostic.hpp"
#include "sonde/base/result.hpp"
#include "sonde/filter/ast.hpp"

namespace sonde::filter {

// A failure of code `invalid` whose context is that block.
Failure complain(std::string_view source, Span at, std::string_view message, std::string_view hint = {});

}  // namespace sonde::filter
