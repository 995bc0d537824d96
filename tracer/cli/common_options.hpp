// Options that several verbs have.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/raw_options.hpp"
#include "sonde/cli/settings.hpp"

namespace sonde::cli {

// --symbols-from and --debuginfod
void add_debug_file_options(CLI::App& app, Settings& settings);
// -u and -E, of verbs that start a program.
void add_program_options(CLI::App& app, Settings& settings);
// --allocator
void add_allocator_option(CLI::App& app, HeapOptions& heap);
// --no-follow, -p and the process ids, of verbs that watch a heap.
void add_watched_process_options(CLI::App& app, RawOptions& raw);

}  // namespace sonde::cli
