// The verb that looks for leaks, and its options.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/raw_options.hpp"
#include "sonde/base/result.hpp"
#include "sonde/cli/settings.hpp"

namespace sonde::cli {

CLI::App* add_leaks(CLI::App& app, Settings& settings, RawOptions& raw, bool with_options);

// After the options on the heap.
Result<void> apply_leaks(Settings& settings, const RawOptions& raw);

}  // namespace sonde::cli
