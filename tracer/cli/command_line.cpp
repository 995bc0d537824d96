#include "sonde/cli/command_line.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/applied_options.hpp"
#include "cli/declared_options.hpp"
#include "sonde/cli/message.hpp"
#include "usage.hpp"

namespace sonde::cli {

namespace {

using Words = std::vector<std::string>;
using Word = Words::const_iterator;

ExitNow usage_error(std::string_view text) {
  complain(text);
  return {125};
}

// Without "--" before it the program is the first word that is no option; a "--" behind it is one of its own.
std::optional<ExitNow> choose_run(const CLI::App& run, Word dashes, Word end, Settings& settings) {
  settings.verb = Verb::run;
  settings.command = run.remaining();
  const bool own_dashes = settings.command.empty() && dashes != end;
  settings.command.insert(settings.command.end(), own_dashes ? dashes + 1 : dashes, end);
  if (settings.command.empty())
    return usage_error("run: which program? Usage: sonde run [options] -- PROGRAM [ARG...]");
  if (settings.command.front().starts_with('-')) {
    return usage_error(
        fmt::format("run: unknown option '{}'; 'sonde run --help' lists them", settings.command.front()));
  }
  return std::nullopt;
}

std::optional<ExitNow> choose_heap(Word dashes, Word end, Settings& settings, RawOptions& raw) {
  raw.heap.verb = true;
  settings.verb = dashes == end ? Verb::attach : Verb::run;
  settings.command.assign(dashes == end ? dashes : dashes + 1, end);
  if (settings.command.empty() == raw.pids.empty()) {
    return usage_error(
        "heap: which process, or program? Usage: sonde heap [options] (PID... | -- PROGRAM [ARG...])");
  }
  return std::nullopt;
}

std::optional<ExitNow> choose_leaks(Word dashes, Word end, Settings& settings, RawOptions& raw) {
  raw.heap.verb = true;
  raw.leaks.verb = true;
  const bool runs = dashes != end;
  const bool watches =
      !raw.timeout.empty() || !raw.leaks.after.empty() || !raw.leaks.every.empty() || raw.leaks.growth;
  settings.verb = runs ? Verb::run : watches ? Verb::attach : Verb::leaks;
  settings.command.assign(runs ? dashes + 1 : dashes, end);
  if (settings.command.empty() == raw.pids.empty()) {
    return usage_error(
        "leaks: which process, or program? Usage: sonde leaks [options] (PID... | -- PROGRAM [ARG...])");
  }
  return std::nullopt;
}

// Which verb was meant, and of what. `dashes` is the first "--", if there is one.
std::optional<ExitNow> choose(const Verbs& verbs, Word dashes, Word end, Settings& settings,
                              RawOptions& raw) {
  const bool recorded = verbs.record->parsed();
  const CLI::App* run = recorded ? verbs.record_run : verbs.run;
  if (run->parsed()) return choose_run(*run, dashes, end, settings);
  if ((recorded ? verbs.record_heap : verbs.heap)->parsed()) return choose_heap(dashes, end, settings, raw);
  if (verbs.leaks->parsed()) return choose_leaks(dashes, end, settings, raw);
  if ((recorded ? verbs.record_attach : verbs.attach)->parsed()) {
    settings.verb = Verb::attach;
    if (raw.pids.empty()) return usage_error("attach: which process? Usage: sonde attach [options] PID...");
  } else if (verbs.stack->parsed()) {
    settings.verb = Verb::stack;
    if (raw.pids.empty()) return usage_error("stack: which process? Usage: sonde stack [options] PID...");
  } else if (verbs.report->parsed()) {
    settings.verb = Verb::report;
    // Asked for events, a report on a heap shows these.
    if (verbs.report->count("--events") != 0) raw.heap.verb = false;
  } else {
    settings.verb = verbs.symbolize->parsed()      ? Verb::symbolize
                    : verbs.suppressions->parsed() ? Verb::suppressions
                                                   : Verb::filter;
  }
  return std::nullopt;
}

// Reads what was typed into settings and raw; what is not mentioned stays as it is.
std::optional<ExitNow> parse_onto(const Words& typed, Settings& settings, RawOptions& raw) {
  CLI::App app("sonde looks into a running process from outside: its system calls, its heap, its stacks.",
               "sonde");
  app.set_version_flag("--version", "sonde " SONDE_VERSION);
  app.require_subcommand(1);
  app.formatter(usage_formatter());
  const Verbs verbs = declare_verbs(app, typed, settings, raw);

  // What follows "--" is the program's; CLI11 would look for options in it.
  const auto dashes = std::find(typed.begin(), typed.end(), "--");
  try {
    app.parse(Words(std::make_reverse_iterator(dashes), typed.rend()));
  } catch (const CLI::CallForHelp& e) {
    return ExitNow{app.exit(e)};
  } catch (const CLI::CallForAllHelp& e) {
    return ExitNow{app.exit(e)};
  } catch (const CLI::CallForVersion& e) {
    return ExitNow{app.exit(e)};
  } catch (const CLI::ParseError& e) {
    return usage_error(complaint(e, app, {typed.begin(), dashes}));
  }
  return choose(verbs, dashes, typed.end(), settings, raw);
}

}  // namespace

std::variant<Settings, ExitNow> parse_command_line(std::vector<std::string> arguments,
                                                   const std::vector<std::string>& recorded) {
  Settings settings;
  RawOptions raw;
  if (!recorded.empty()) {
    if (auto exit = parse_onto(recorded, settings, raw)) return *exit;
    settings.output.path.clear();
    raw.max_output.clear();
  }
  const auto recorded_filters = std::exchange(settings.filters, {});
  if (auto exit = parse_onto(arguments, settings, raw)) return *exit;
  settings.filters.insert(settings.filters.begin(), recorded_filters.begin(), recorded_filters.end());
  settings.arguments = std::move(arguments);
  if (auto applied = apply(settings, raw); !applied) return usage_error(applied.error().message());
  return settings;
}

}  // namespace sonde::cli
