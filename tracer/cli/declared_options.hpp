// The verbs and their options, as CLI11 is told of them. What they mean is in applied_options.hpp.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/raw_options.hpp"
#include "sonde/cli/settings.hpp"

namespace sonde::cli {

struct Verbs {
  CLI::App* run;
  CLI::App* attach;
  CLI::App* heap;
  CLI::App* leaks;
  CLI::App* record;
  CLI::App* record_run;
  CLI::App* record_attach;
  CLI::App* record_heap;
  CLI::App* report;
  CLI::App* filter;
  CLI::App* stack;
  CLI::App* symbolize;
  CLI::App* suppressions;
};

// What is parsed goes into settings and raw; what is not mentioned stays as it is. Only verbs that `typed`,
// the words to be parsed, mentions get their options.
Verbs declare_verbs(CLI::App& app, const std::vector<std::string>& typed, Settings& settings,
                    RawOptions& raw);

}  // namespace sonde::cli
