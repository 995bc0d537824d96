// What sonde says of its own command line: the form of --help, and what was wrong with what was typed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace sonde::cli {

// For CLI::App::formatter(). Options show what they take, not what checks it.
std::shared_ptr<CLI::FormatterBase> usage_formatter();

// Why `typed`, the words before any "--", could not be parsed; one line. `app` has what was parsed of them.
std::string complaint(const CLI::ParseError& error, const CLI::App& app,
                      const std::vector<std::string>& typed);

}  // namespace sonde::cli
