#include "cli/declared_options.hpp"

#include <algorithm>
#include <string_view>

#include "cli/common_options.hpp"
#include "cli/heap_options.hpp"
#include "cli/leak_options.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::cli {

namespace {

// What a recording has counted stays where a report does not say otherwise: CLI11 would set it to 0.
void add_counted_flag(CLI::App& app, const std::string& name, int& count, const std::string& description) {
  const int before = count;
  app.add_flag(name, count, description);
  count = before;
}

void add_printing_options(CLI::App& app, Settings& settings, RawOptions& raw) {
  OutputSettings& output = settings.output;
  app.add_option("--format", raw.format, "text (as strace prints), json (an object a line) or csv")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json", "csv"}));
  add_counted_flag(app, "-t", raw.timestamps,
                   "Print the time of day; -tt with microseconds, -ttt as seconds since 1970");
  app.add_flag("-r", output.relative, "Print the time since the line before");
  app.add_flag("-T", output.durations, "Print the time that each call took");
  add_counted_flag(app, "-x", raw.hex_strings,
                   "Print strings that are not ASCII in hexadecimal; -xx all strings");
  app.add_option("-X", raw.xlat, "How constants print: raw, abbrev or verbose")
      ->type_name("HOW")
      ->check(CLI::IsMember({"raw", "abbrev", "verbose"}));
  app.add_flag("-v", output.style.verbose, "Print structures and environments in full");
  app.add_flag("-n", output.syscall_numbers, "Print the number of each call");
  app.add_flag("-i", output.instruction_pointers, "Print the instruction pointer of each call");
  app.add_flag("-k", settings.print_stacks, "Print the stack below each call and signal");
  app.add_option("--site-skip", raw.site_skip,
                 "Frames whose module or function this matches are no sites (a regular expression)")
      ->type_name("REGEX");
  add_debug_file_options(app, settings);
  app.add_option("-a", output.column, "The column of the results (40)")
      ->type_name("COLUMN")
      ->check(CLI::Range(0u, 1000u));
  app.add_flag("-c", raw.summary_only, "Print a summary instead of the calls");
  app.add_flag("-C", raw.summary_also, "Print a summary after the calls");
  app.add_option("-S", output.summary_sort, "Sort the summary by time, calls, errors, name, min, max or avg")
      ->type_name("ORDER");
  app.add_flag("--per-process", output.summary_per_process, "A summary for each process as well");
  add_counted_flag(app, "-q,--quiet", raw.quiet, "Leave out the lines on attaching; -qq those on exits too");
  app.add_option("-e,--filter", settings.filters, "Show only what the expression says; see 'sonde filter'")
      ->type_name("EXPR")
      ->allow_extra_args(false);
  app.add_option("-P", settings.paths, "Show only calls that touch this path")
      ->type_name("PATH")
      ->allow_extra_args(false);
  app.add_flag("-z", settings.successful_only, "Show only calls that succeed");
  app.add_flag("-Z", settings.failed_only, "Show only calls that fail");
  add_heap_report_options(app, settings, raw.heap);
  add_only_matching(app, settings);
  app.add_option("--events", settings.events,
                 "What to show: syscalls, signals, processes (these, if not given), heap, mappings")
      ->type_name("LIST")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"syscalls", "signals", "processes", "heap", "mappings"}));
  app.add_option("--max-output", raw.max_output, "End the output, and detach, after so many bytes (100MB)")
      ->type_name("SIZE");
}

void add_tracing_options(CLI::App& app, Settings& settings, RawOptions& raw) {
  add_counted_flag(app, "-f", raw.follow, "Follow children (the default)");
  app.add_flag("--no-follow", raw.no_follow, "Trace threads, but not child processes");
  app.add_option("-s", settings.output.style.string_limit, "Show at most so many bytes of a string (32)")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{0}, limits::string_bytes - 1));
  add_counted_flag(app, "-y", raw.fd_paths, "Show the path behind each file descriptor; -yy of sockets too");
  app.add_option("-b", raw.detach_on, "Detach from a process after this call (execve)")
      ->type_name("CALL")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--timeout", raw.timeout, "Detach after this time (30s)")->type_name("TIME");
  add_sampling_options(app, raw);
  app.add_option("--overflow", raw.overflow,
                 "When output is slow: block the program, or drop and count events")
      ->type_name("POLICY")
      ->check(CLI::IsMember({"block", "drop"}));
  app.add_option("--redact", raw.redact, "Leave out: strings, paths, env")
      ->type_name("LIST")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"strings", "paths", "env"}));
  app.add_flag("--no-crash-report", raw.no_crash_report,
               "Say nothing more of a program that crashes than its signal");
  add_heap_tracing_options(app, raw.heap);
  app.add_flag("--kill-on-exit", settings.tracing.kill_on_exit, "Kill the traced processes when sonde dies");
  app.add_flag("--no-pushdown", raw.no_pushdown,
               "Do not let the kernel filter, nor leave out calls of allocators");
  app.add_flag("--pushdown", settings.force_pushdown,
               "Let the kernel filter even where that sets no_new_privs");
  app.add_flag("--no-low-latency", raw.no_low_latency, "Do not keep idle CPUs awake while events flow");
}

CLI::App* add_run(CLI::App& app, Settings& settings, RawOptions& raw, bool with_options) {
  CLI::App* run = app.add_subcommand("run", "Trace a program from its first instruction");
  if (!with_options) return run;
  run->prefix_command();
  run->footer(
      "Examples:\n  sonde run -e 'syscall in [open, openat] && failed' -- make\n"
      "  sonde run -c -- git status");
  add_printing_options(*run, settings, raw);
  add_tracing_options(*run, settings, raw);
  add_program_options(*run, settings);
  return run;
}

CLI::App* add_attach(CLI::App& app, Settings& settings, RawOptions& raw, bool with_options) {
  CLI::App* attach = app.add_subcommand("attach", "Trace running processes; Ctrl-C detaches, and they go on");
  if (!with_options) return attach;
  attach->footer(
      "Examples:\n  sonde attach $(pidof redis-server)\n"
      "  sonde attach -e 'duration > 10ms' --timeout 30s 4242");
  add_printing_options(*attach, settings, raw);
  add_tracing_options(*attach, settings, raw);
  attach->add_option("-p,pid", raw.pids, "Process ids")->type_name("PID")->delimiter(',');
  return attach;
}

CLI::App* add_report(CLI::App& app, Settings& settings, RawOptions& raw, bool with_options) {
  CLI::App* report = app.add_subcommand("report", "Render a trace file as the live output would have been");
  if (!with_options) return report;
  report->footer("Examples:\n  sonde report trace.sonde\n  sonde report -c -e 'failed' trace.sonde");
  add_printing_options(*report, settings, raw);
  report->add_option("-o", settings.output.path, "Write to this file, or to a command")->type_name("FILE");
  report->add_option("-s", settings.output.style.string_limit, "Show at most so many bytes of a string")
      ->type_name("N");
  report->add_option("file", settings.trace_file, "The trace file")->type_name("FILE")->required();
  return report;
}

CLI::App* add_filter(CLI::App& app, Settings& settings, bool with_options) {
  CLI::App* filter = app.add_subcommand("filter", "Explain a filter expression");
  if (!with_options) return filter;
  filter->footer(
      "Examples:\n  sonde filter 'syscall in [open, openat] && failed'\n  sonde filter trace=%file");
  filter->add_option("expression", settings.expression, "The expression, as -e takes it")
      ->type_name("EXPR")
      ->required();
  return filter;
}

CLI::App* add_stack(CLI::App& app, Settings& settings, RawOptions& raw, bool with_options) {
  CLI::App* stack = app.add_subcommand("stack", "Show every thread's stack, once, and leave");
  if (!with_options) return stack;
  stack->footer("Examples:\n  sonde stack $(pidof redis-server)\n  sonde stack --format json 4242");
  stack->add_option("--format", raw.format, "text or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
  stack->add_option("-s", settings.output.style.string_limit, "Show at most so many bytes of a string (32)")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{0}, limits::string_bytes - 1));
  add_debug_file_options(*stack, settings);
  stack->add_option("-p,pid", raw.pids, "Process ids")->type_name("PID")->delimiter(',');
  return stack;
}

CLI::App* add_symbolize(CLI::App& app, Settings& settings, RawOptions& raw, bool with_options) {
  CLI::App* verb = app.add_subcommand("symbolize", "Say which function and line an address of a file is");
  if (!with_options) return verb;
  verb->footer(
      "Examples:\n  sonde symbolize /usr/bin/git 0x1b2c40\n"
      "  sonde symbolize --symbols-from ./debug --format json program main+0x10");
  verb->add_option("--format", raw.format, "text as llvm-symbolizer prints it, or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
  add_debug_file_options(*verb, settings);
  verb->add_flag("--no-demangle", settings.symbolize.mangled, "Show names as they are in the file");
  verb->add_flag("--verify", settings.symbolize.verify, "Compare with what libdwarf++ says, a second reader");
  verb->add_option("file", settings.symbolize.file, "A program, a library or a debug file")
      ->type_name("FILE")
      ->required();
  verb->add_option("address", settings.symbolize.addresses,
                   "In hexadecimal, or SYMBOL+OFFSET; without any, standard input is read")
      ->type_name("ADDRESS");
  return verb;
}

CLI::App* add_suppressions(CLI::App& app, Settings& settings, RawOptions& raw, bool with_options) {
  CLI::App* verb = app.add_subcommand("suppressions", "Look after the files that say which leaks are known");
  if (!with_options) return verb;
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n  sonde suppressions check tests/leaks.supp\n"
      "  sonde suppressions check --reviewed-within 180 --program ./app *.supp");
  CLI::App* check =
      verb->add_subcommand("check", "Tell mistakes, and what is double, too broad, old or unused");
  check->footer(
      "Examples:\n  sonde suppressions check tests/leaks.supp\n"
      "  sonde suppressions check --against leaks.json --format json lsan.supp valgrind.supp\n\n"
      "Ends with 0 where nothing was found, 1 where something was, 125 where a file cannot be read.");
  check->group("Verbs");
  SuppressionsSettings& asked = settings.suppressions;
  check
      ->add_option(
          "--reviewed-within", asked.reviewed_within,
          "Tell what was not reviewed or tested for so many days, or ever (else 365, if it has a date)")
      ->type_name("DAYS")
      ->check(CLI::Range(0u, 100'000u));
  check->add_option("--program", asked.program, "Tell what matches functions of this program, or all of it")
      ->type_name("FILE");
  check->add_option("--against", asked.against, "Tell what matched nothing, by a report on leaks in JSON")
      ->type_name("REPORT");
  check->add_option("--format", raw.format, "text or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
  check
      ->add_option("file", asked.files, "Suppressions as LeakSanitizer or valgrind takes them, or both mixed")
      ->type_name("FILE")
      ->required();
  return verb;
}

CLI::App* add_record(CLI::App& app, Settings& settings) {
  CLI::App* record = app.add_subcommand("record", "Keep the events in a file, for 'sonde report'");
  record->add_option("-o", settings.trace_file, "The trace file to write")->type_name("FILE")->required();
  record->require_subcommand(1);
  record->footer(
      "Examples:\n  sonde record -o build.sonde run -- make\n"
      "  sonde record -o busy.sonde attach --timeout 10s 4242");
  return record;
}

}  // namespace

Verbs declare_verbs(CLI::App& app, const std::vector<std::string>& typed, Settings& settings,
                    RawOptions& raw) {
  // CLI11 compares each option with all others of its verb, which takes longer than all else before the
  // program starts: only verbs that may be meant get theirs.
  const auto mentioned = [&](std::string_view verb) {
    return std::find(typed.begin(), typed.end(), verb) != typed.end();
  };
  const bool records = mentioned("record");
  Verbs verbs{};
  // Help lists them in this order.
  verbs.run = add_run(app, settings, raw, mentioned("run"));
  verbs.attach = add_attach(app, settings, raw, mentioned("attach"));
  verbs.record = add_record(app, settings);
  verbs.record_run = add_run(*verbs.record, settings, raw, records && mentioned("run"));
  verbs.record_attach = add_attach(*verbs.record, settings, raw, records && mentioned("attach"));
  verbs.heap = add_heap(app, settings, raw, mentioned("heap"));
  verbs.record_heap = add_heap(*verbs.record, settings, raw, records && mentioned("heap"));
  verbs.leaks = add_leaks(app, settings, raw, mentioned("leaks"));
  for (CLI::App* verb : {verbs.run, verbs.attach, verbs.heap, verbs.leaks, verbs.record_run,
                         verbs.record_attach, verbs.record_heap}) {
    verb->add_option("-o", settings.output.path, "Write to this file, or to a command: -o '|gzip >trace.gz'")
        ->type_name("FILE");
    verb->add_flag("-A", settings.output.append, "Append to the file");
  }
  verbs.report = add_report(app, settings, raw, mentioned("report"));
  verbs.filter = add_filter(app, settings, mentioned("filter"));
  verbs.stack = add_stack(app, settings, raw, mentioned("stack"));
  verbs.symbolize = add_symbolize(app, settings, raw, mentioned("symbolize"));
  verbs.suppressions = add_suppressions(app, settings, raw, mentioned("suppressions"));
  for (CLI::App* parent : {&app, verbs.record}) {
    for (CLI::App* verb : parent->get_subcommands([](const CLI::App*) { return true; })) verb->group("Verbs");
  }
  return verbs;
}

}  // namespace sonde::cli
