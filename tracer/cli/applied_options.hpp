// What options mean, once they are parsed.
#pragma once

#include "cli/raw_options.hpp"
#include "sonde/base/result.hpp"
#include "sonde/cli/settings.hpp"

namespace sonde::cli {

// Fails where a text is none of those that its option takes, or where options do not go together.
Result<void> apply(Settings& settings, const RawOptions& raw);

}  // namespace sonde::cli
