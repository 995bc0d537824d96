#include "cli/leak_options.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "cli/common_options.hpp"
#include "sonde/cli/quantity.hpp"
#include "sonde/suppress/suppression.hpp"

namespace sonde::cli {

namespace {

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

}  // namespace

CLI::App* add_leaks(CLI::App& app, Settings& settings, RawOptions& raw, bool with_options) {
  CLI::App* verb = app.add_subcommand("leaks", "Find what a program has lost, at its end or now");
  if (!with_options) return verb;
  verb->footer(
      "Examples:\n  sonde leaks --error-exitcode 9 --suppressions ci.supp -- ./app\n"
      "  sonde leaks $(pidof redis-server)\n\n"
      "A process that runs is looked at once, without stacks; with --for it is watched for that time first.");
  verb->add_option("--for", raw.timeout, "Watch for this time, then look and leave (30s)")->type_name("TIME");
  verb->add_option("--after", raw.leaks.after, "Look after this time as well, while it runs (30s)")
      ->type_name("TIME");
  verb->add_option("--every", raw.leaks.every, "Look again and again, after each such time (60s)")
      ->type_name("TIME");
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
  settings.leaks.wanted = true;
  settings.leaks.form = form_named(raw.leaks.form);
  settings.leaks.suppressions = raw.leaks.suppressions;
  settings.leaks.default_suppressions = !raw.leaks.no_default_suppressions;
  auto shown = kinds_named("--show", raw.leaks.show);
  if (!shown) return Failure(shown.error());
  settings.leaks.report.shown = *shown;
  auto failing = kinds_named("--fail-on", raw.leaks.fail_on);
  if (!failing) return Failure(failing.error());
  settings.leaks.fail_on = *failing;
  for (const auto& [typed, setting] : {std::pair(&raw.leaks.after, &settings.leaks.after),
                                       std::pair(&raw.leaks.every, &settings.leaks.every)}) {
    if (typed->empty()) continue;
    auto time = parse_duration(*typed);
    if (!time) return Failure(time.error());
    *setting = *time;
  }
  settings.tracing.release_stacks = false;  // Where a block was given back does not matter.
  return {};
}

}  // namespace sonde::cli
