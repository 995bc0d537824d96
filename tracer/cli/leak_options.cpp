#include "cli/leak_options.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "cli/common_options.hpp"
#include "sonde/allocator/functions.hpp"
#include "sonde/cli/quantity.hpp"
#include "sonde/suppress/suppression.hpp"

namespace sonde::cli {

namespace {

constexpr Nanoseconds shortest_interval = 1'000'000;

using suppress::LeakKind;
using suppress::LeakKinds;

Result<LeakKinds> kinds_named(std::string_view option, std::string_view text) {
  LeakKinds kinds;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view name = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    const bool all = name == "all";
    bool known = all || name == "none";
    for (const auto& [kind, its] :
         {std::pair(LeakKind::definite, "definite"), std::pair(LeakKind::indirect, "indirect"),
          std::pair(LeakKind::possible, "possible"), std::pair(LeakKind::reachable, "reachable")}) {
      if (!all && name != its) continue;
      kinds.add(kind);
      known = true;
    }
    if (!known) {
      return fail(ErrorCode::invalid,
                  fmt::format("{}: '{}' is no class of leaks; they are definite, indirect, possible and "
                              "reachable, or all or none of them",
                              option, name));
    }
  }
  return kinds;
}

LeakSettings::Form form_named(std::string_view name) {
  using Form = LeakSettings::Form;
  if (name == "json") return Form::json;
  if (name == "sarif") return Form::sarif;
  return name == "junit" ? Form::junit : Form::text;
}

void add_report_options(CLI::App& verb, Settings& settings, RawOptions& raw) {
  verb.add_option("--format", raw.leaks.form, "The report as text, json, sarif or junit")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json", "sarif", "junit"}));
  verb.add_option("--show", raw.leaks.show, "Which classes are told one by one (definite,possible)")
      ->type_name("CLASSES");
  verb.add_option("--top", settings.leaks.report.top,
                  "How many leaks of each class the text lists (10; 0: all)")
      ->type_name("N");
  verb.add_option("--contents", settings.leaks.contents,
                  "Show so many of the first bytes of blocks (0; 16 where there are no stacks)")
      ->type_name("BYTES")
      ->check(CLI::Range(std::size_t{0}, std::size_t{256}));
  verb.add_option("--fail-on", raw.leaks.fail_on, "Which classes count for --error-exitcode (definite)")
      ->type_name("CLASSES");
  verb.add_option("--error-exitcode", settings.leaks.error_exitcode,
                  "The exit status when there are such leaks")
      ->type_name("N")
      ->check(CLI::Range(1, 124));
  verb.add_option("--baseline", settings.leaks.baseline, "Leaks of this earlier report (json) are not new")
      ->type_name("FILE");
}

void add_suppression_options(CLI::App& verb, Settings& settings, RawOptions& raw) {
  verb.add_option("--suppressions", raw.leaks.suppressions,
                  "Hide what this file describes (LeakSanitizer's or "
                  "valgrind's format)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  verb.add_flag("--no-default-suppressions", raw.leaks.no_default_suppressions,
                "Show what is known to be harmless as well");
  verb.add_flag("--print-suppressions", settings.leaks.print_suppressions,
                "Write a suppression for each leak");
  verb.add_flag("--unused-suppressions", settings.leaks.report.unused,
                "Tell which of them have hidden nothing");
}

void add_growth_options(CLI::App& verb, RawOptions& raw) {
  verb.add_flag("--growth", raw.leaks.growth, "Watch what grows, and keeps on growing, instead");
  verb.add_option("--rounds", raw.leaks.rounds,
                  "What a round of its work is: a time (5s), function:NAME (each call begins one), or signal "
                  "(SIGUSR2 to sonde ends one)")
      ->type_name("WHAT");
  verb.add_option("--older-than", raw.leaks.older_than, "Tell which blocks nobody freed for so long (10s)")
      ->type_name("TIME");
}

Failure at_odds(std::string_view option) {
  return fail(ErrorCode::invalid,
              fmt::format("{} is about what is lost, --growth about what grows: leave one out", option));
}

Result<void> apply_rounds(Settings& settings, std::string_view rounds) {
  GrowthSettings& growth = settings.growth;
  constexpr std::string_view function = "function:";
  if (rounds.empty()) return {};
  if (rounds == "signal") {
    growth.rounds = GrowthSettings::Rounds::signal;
    growth.report.round_by = "SIGUSR2";
  } else if (rounds.starts_with(function)) {
    const std::string name(rounds.substr(function.size()));
    if (name.empty() || allocator::find(name))
      return fail(
          ErrorCode::invalid,
          fmt::format("--rounds '{}': it needs the name of a function that is no allocator's", rounds));
    growth.rounds = GrowthSettings::Rounds::function;
    settings.tracing.round_function = growth.report.round_by = name;
  } else {
    auto interval = parse_duration(rounds);
    if (!interval || *interval < shortest_interval)
      return fail(ErrorCode::invalid,
                  fmt::format("--rounds '{}': it is a time of 1ms or more, function:NAME or signal", rounds));
    growth.interval = *interval;
  }
  return {};
}

Result<void> apply_growth(Settings& settings, const RawOptions& raw) {
  const LeakOptions& typed = raw.leaks;
  settings.growth.wanted = true;
  if (typed.form != "text" && typed.form != "json")
    return fail(ErrorCode::invalid,
                fmt::format("--growth is reported as text or json, not as {}", typed.form));
  settings.growth.json = typed.form == "json";
  settings.growth.report.top = settings.leaks.report.top;
  const std::pair<bool, std::string_view> others[] = {
      {!typed.after.empty(), "--after"},
      {!typed.every.empty(), "--every"},
      {!typed.suppressions.empty(), "--suppressions"},
      {typed.no_default_suppressions, "--no-default-suppressions"},
      {settings.leaks.print_suppressions, "--print-suppressions"},
      {settings.leaks.report.unused, "--unused-suppressions"},
      {!settings.leaks.baseline.empty(), "--baseline"},
      {settings.leaks.contents.has_value(), "--contents"},
      {!typed.show.empty(), "--show"},
      {!typed.fail_on.empty(), "--fail-on"}};
  for (const auto& [given, option] : others)
    if (given) return at_odds(option);
  if (!typed.older_than.empty()) {
    auto time = parse_duration(typed.older_than);
    if (!time) return Failure(time.error());
    settings.growth.report.older_than = *time;
  }
  return apply_rounds(settings, typed.rounds);
}

}  // namespace

CLI::App* add_leaks(CLI::App& app, Settings& settings, RawOptions& raw, bool with_options) {
  CLI::App* verb = app.add_subcommand("leaks", "Find what a program has lost, at its end or now");
  if (!with_options) return verb;
  verb->footer(
      "Examples:\n  sonde leaks --error-exitcode 9 --suppressions ci.supp -- ./app\n"
      "  sonde leaks $(pidof redis-server)\n"
      "  sonde leaks --growth --for 60s $(pidof redis-server)\n\n"
      "A process that runs is looked at once, without stacks; with --for it is watched for that time first.");
  verb->add_option("--for", raw.timeout, "Watch for this time, then look and leave (30s)")->type_name("TIME");
  verb->add_option("--after", raw.leaks.after, "Look after this time as well, while it runs (30s)")
      ->type_name("TIME");
  verb->add_option("--every", raw.leaks.every, "Look again and again, after each such time (60s)")
      ->type_name("TIME");
  add_growth_options(*verb, raw);
  add_report_options(*verb, settings, raw);
  add_suppression_options(*verb, settings, raw);
  add_allocator_option(*verb, raw.heap);
  add_debug_file_options(*verb, settings);
  add_program_options(*verb, settings);
  add_watched_process_options(*verb, raw);
  return verb;
}

Result<void> apply_leaks(Settings& settings, const RawOptions& raw) {
  if (!raw.leaks.verb) return {};
  settings.tracing.release_stacks = false;  // Where a block was given back does not matter.
  if (raw.leaks.growth) return apply_growth(settings, raw);
  for (const auto& [typed, option] :
       {std::pair(&raw.leaks.rounds, "--rounds"), std::pair(&raw.leaks.older_than, "--older-than")}) {
    if (!typed->empty()) return fail(ErrorCode::invalid, fmt::format("{} is for --growth", option));
  }
  settings.leaks.wanted = true;
  settings.leaks.form = form_named(raw.leaks.form);
  settings.leaks.suppressions = raw.leaks.suppressions;
  settings.leaks.default_suppressions = !raw.leaks.no_default_suppressions;
  auto shown = kinds_named("--show", raw.leaks.show.empty() ? "definite,possible" : raw.leaks.show);
  if (!shown) return Failure(shown.error());
  settings.leaks.report.shown = *shown;
  auto failing = kinds_named("--fail-on", raw.leaks.fail_on.empty() ? "definite" : raw.leaks.fail_on);
  if (!failing) return Failure(failing.error());
  settings.leaks.fail_on = *failing;
  for (const auto& [typed, setting] : {std::pair(&raw.leaks.after, &settings.leaks.after),
                                       std::pair(&raw.leaks.every, &settings.leaks.every)}) {
    if (typed->empty()) continue;
    auto time = parse_duration(*typed);
    if (!time) return Failure(time.error());
    if (*time < shortest_interval)
      return fail(ErrorCode::invalid,
                  fmt::format("'{}' is less than 1ms, which is too short to look", *typed));
    *setting = *time;
  }
  return {};
}

}  // namespace sonde::cli
