#include "sonde/cli/command_line.hpp"
#include "sonde/cli/keeper.hpp"
#include "sonde/cli/verbs.hpp"

int main(int argc, char** argv) {
  using namespace sonde::cli;
  auto parsed = parse_command_line({argv + 1, argv + argc});
  if (const auto* exit = std::get_if<ExitNow>(&parsed)) return exit->status;
  auto* settings = std::get_if<Settings>(&parsed);
  switch (settings->verb) {
    case Verb::run:
    case Verb::attach:
      return trace(*settings);
    case Verb::report:
      return report(*settings);
    case Verb::filter:
      return explain_filter(*settings);
    case Verb::stack:
      return stack(*settings);
    case Verb::symbolize:
      return symbolize(*settings);
    case Verb::leaks:
      return leaks(*settings);
    case Verb::suppressions:
      return check_suppressions(*settings);
  }
  return 125;
}
