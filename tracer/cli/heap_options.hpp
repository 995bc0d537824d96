// The options that are about the heap, and the verb that watches nothing else.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "sonde/base/result.hpp"
#include "sonde/cli/settings.hpp"

namespace sonde::cli {

struct HeapOptions {
  bool verb = false;  // `sonde heap`
  bool no_stacks = false;
  std::vector<std::string> allocators;
  std::string by = "site";
  std::size_t contents = 0;
};

// --top and --by, of the report.
void add_heap_report_options(CLI::App& app, Settings& settings, HeapOptions& heap);
// --only-matching, of verbs that take filters.
void add_only_matching(CLI::App& app, Settings& settings);
// --no-stacks, --allocator, --contents
void add_heap_tracing_options(CLI::App& app, HeapOptions& heap);

// --sample and --max-rate
void add_sampling_options(CLI::App& app, std::string& sample, std::string& max_rate);

// Texts that more than the heap's settings are made of, as in all verbs.
struct HeapVerbTexts {
  std::string& format;
  std::string& timeout;
  std::string& site_skip;
  std::string& overflow;
  std::vector<std::string>& pids;
  bool& no_follow;
  std::string& sample;
  std::string& max_rate;
};
CLI::App* add_heap(CLI::App& app, Settings& settings, HeapOptions& heap, HeapVerbTexts texts,
                   bool with_options);

// After the other options on tracing.
Result<void> apply_heap(Settings& settings, const HeapOptions& heap);

}  // namespace sonde::cli
