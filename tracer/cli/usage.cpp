#include "usage.hpp"

#include <fmt/format.h>

namespace sonde::cli {

namespace {

std::string usage_of(const std::string& verb) {
  if (verb == "run") return "sonde run [options] -- PROGRAM [ARG...]";
  if (verb == "attach") return "sonde attach [options] PID...";
  if (verb == "record") return "sonde record -o FILE.sonde (run ... | attach ... | heap ...)";
  if (verb == "report") return "sonde report [options] FILE.sonde";
  if (verb == "heap") return "sonde heap [options] (PID... | -- PROGRAM [ARG...])";
  if (verb == "filter") return "sonde filter EXPR";
  if (verb == "stack") return "sonde stack [options] PID...";
  if (verb == "symbolize") return "sonde symbolize [options] FILE [ADDRESS...]";
  if (verb == "suppressions" || verb == "check") return "sonde suppressions check [options] FILE...";
  return "sonde VERB ...   ('sonde VERB --help' says more)";
}

class UsageFormatter final : public CLI::Formatter {
 public:
  UsageFormatter() { label("Positionals", "Arguments"); }

  // CLI11 would say "sonde run [OPTIONS]"; what follows the options matters more here.
  std::string make_usage(const CLI::App* app, std::string) const override {
    return fmt::format("Usage: {}\n", usage_of(app->get_name()));
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return {};
    const std::string type = option->get_type_name();  // With its validators: "N:UINT in [0 - 1000]".
    return ' ' + type.substr(0, type.find(':'));
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> usage_formatter() { return std::make_shared<UsageFormatter>(); }

std::string complaint(const CLI::ParseError& error, const CLI::App& app,
                      const std::vector<std::string>& typed) {
  const auto parsed = app.get_subcommands();
  if (parsed.empty()) {
    constexpr std::string_view verbs =
        "run, attach, record, report, heap, stack, symbolize, filter and suppressions; 'sonde --help' says "
        "more";
    if (typed.empty()) return fmt::format("which verb? There are {}", verbs);
    return fmt::format("'{}' is no verb; there are {}", typed.front(), verbs);
  }
  const CLI::App& verb = *parsed.front();
  const std::string what = error.what();
  const std::string name = what.substr(0, what.find(':'));
  if (error.get_name() == "RequiredError")
    return fmt::format("{}: something is missing. Usage: {}", verb.get_name(), usage_of(verb.get_name()));
  std::string words = verb.get_name();
  for (const CLI::App* inner : verb.get_subcommands()) words += ' ' + inner->get_name();
  const std::string more = fmt::format("'sonde {} --help' lists the options", words);
  if (error.get_name() == "ArgumentMismatch") return fmt::format("{}: its value is missing; {}", name, more);
  return fmt::format("{}; {}", what, more);
}

}  // namespace sonde::cli
