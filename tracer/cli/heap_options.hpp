// The options that are about the heap, and the verb that watches nothing else.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/raw_options.hpp"
#include "sonde/base/result.hpp"
#include "sonde/cli/settings.hpp"

namespace sonde::cli {

// --top and --by, of the report.
void add_heap_report_options(CLI::App& app, Settings& settings, HeapOptions& heap);
// --only-matching, of verbs that take filters.
void add_only_matching(CLI::App& app, Settings& settings);
// --no-stacks, --allocator, --contents
void add_heap_tracing_options(CLI::App& app, HeapOptions& heap);

// --sample and --max-rate
void add_sampling_options(CLI::App& app, RawOptions& raw);

CLI::App* add_heap(CLI::App& app, Settings& settings, RawOptions& raw, bool with_options);

// After the other options on tracing.
Result<void> apply_heap(Settings& settings, const HeapOptions& heap);

}  // namespace sonde::cli
