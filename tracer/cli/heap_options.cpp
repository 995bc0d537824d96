#include "cli/heap_options.hpp"

#include <filesystem>

#include "cli/common_options.hpp"
#include "sonde/process/ordinary_memory.hpp"

namespace sonde::cli {

void add_heap_report_options(CLI::App& app, Settings& settings, HeapOptions& heap) {
  app.add_option("--top", settings.output.heap.top, "How many sites the report on the heap lists (10)")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}));
  app.add_option("--by", heap.by, "Report the heap by site, function, module, thread or size")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"site", "function", "module", "thread", "size"}));
}

void add_only_matching(CLI::App& app, Settings& settings) {
  app.add_flag("--only-matching", settings.only_matching,
               "Count on the heap only what the filter matches: faster, but without ages and misuse");
}

void add_heap_tracing_options(CLI::App& app, HeapOptions& heap) {
  app.add_flag("--no-stacks", heap.no_stacks, "Watch the heap without stacks: faster, but without sites");
  app.add_option("--contents", heap.contents,
                 "Show in the report so many of the first bytes of live blocks (64, at most 4096)")
      ->type_name("BYTES")
      ->check(CLI::Range(std::size_t{1}, std::size_t{4096}));
  add_allocator_option(app, heap);
}

void add_sampling_options(CLI::App& app, RawOptions& raw) {
  app.add_option("--sample", raw.sample, "Record one of N calls of each call site (1/100)")->type_name("1/N");
  app.add_option("--max-rate", raw.max_rate,
                 "Record at most so many calls a second of each call site (10k/s)")
      ->type_name("RATE");
}

CLI::App* add_heap(CLI::App& app, Settings& settings, RawOptions& raw, bool with_options) {
  CLI::App* verb = app.add_subcommand("heap", "Watch what a program allocates, and report where from");
  if (!with_options) return verb;
  verb->footer(
      "Examples:\n  sonde heap -- ./app\n"
      "  sonde heap --for 30s --by function $(pidof redis-server)\n\n"
      "On SIGUSR1 sonde writes the report so far, and goes on.");
  verb->add_option("--for", raw.timeout, "Leave after this time (30s)")->type_name("TIME");
  add_heap_report_options(*verb, settings, raw.heap);
  add_heap_tracing_options(*verb, raw.heap);
  add_sampling_options(*verb, raw);
  verb->add_option("--format", raw.format, "The report as text, json or csv")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json", "csv"}));
  verb->add_option("--site-skip", raw.site_skip,
                   "Frames whose module or function this matches are no sites (a regular expression)")
      ->type_name("REGEX");
  add_debug_file_options(*verb, settings);
  verb->add_option("--overflow", raw.overflow,
                   "When sonde is slow: block the program, or drop and count events")
      ->type_name("POLICY")
      ->check(CLI::IsMember({"block", "drop"}));
  add_program_options(*verb, settings);
  add_watched_process_options(*verb, raw);
  return verb;
}

namespace {

Result<void> apply_contents(Settings& settings, const HeapOptions& heap) {
  if (heap.contents == 0) return {};
  if (!settings.reports_heap()) {
    return fail(ErrorCode::invalid,
                "--contents is for the report on the heap: sonde heap, or --events heap with -c or -C");
  }
  if (settings.tracing.redact_strings)
    return fail(ErrorCode::invalid, "--contents would show what --redact strings hides; leave one out");
  settings.output.heap.contents = heap.contents;
  settings.output.heap.memory = [](pid_t pid) { return std::make_unique<process::OrdinaryMemory>(pid); };
  return {};
}

}  // namespace

Result<void> apply_heap(Settings& settings, const HeapOptions& heap) {
  record::Options& tracing = settings.tracing;
  settings.heap_stacks = !heap.no_stacks;
  settings.output.heap.by = output::heap_grouping_named(heap.by).value_or(output::HeapGrouping::site);
  if (heap.verb) {  // Or that for leaks, which watches the same.
    settings.events = {"heap"};
    settings.output.summary = Summary::only;
    tracing.crash_reports = false;
  }
  for (const std::string& described : heap.allocators) {
    auto function = record::parse_heap_function(described);
    if (!function) return Failure(function.error());
    tracing.allocators.push_back(*std::move(function));
  }
  for (const std::string& folder : settings.symbols_from)
    tracing.symbols_from.push_back(std::filesystem::absolute(folder));
  if (!settings.events.empty() && settings.shows("mappings")) tracing.stacks |= settings.heap_stacks;
  tracing.heap = !settings.events.empty() && settings.shows("heap");
  if (!tracing.heap) return apply_contents(settings, heap);
  tracing.system_calls = settings.shows("syscalls") || settings.shows("mappings");
  tracing.stacks |= settings.heap_stacks;
  tracing.release_stacks = tracing.stacks;
  return apply_contents(settings, heap);
}

}  // namespace sonde::cli
