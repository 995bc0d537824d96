// What main() runs: a verb each. The result is the exit status.
#pragma once

#include "sonde/cli/settings.hpp"

namespace sonde::cli {

int trace(Settings& settings);  // run and attach, recorded or not.
int report(const Settings& settings);
int explain_filter(const Settings& settings);
int stack(const Settings& settings);
int symbolize(const Settings& settings);
int leaks(const Settings& settings);  // Of processes that were never watched.
int check_suppressions(const Settings& settings);

}  // namespace sonde::cli
