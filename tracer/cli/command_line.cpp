#include "sonde/cli/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <sys/syscall.h>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/heap_options.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/cli/message.hpp"
#include "sonde/cli/quantity.hpp"
#include "sonde/filter/text_pattern.hpp"
#include "sonde/output/summary.hpp"
#include "sonde/syscall/table.hpp"
#include "usage.hpp"

namespace sonde::cli {

namespace {

// Options whose text is turned into a setting after parsing, so that the message of a wrong one is ours.
struct RawOptions {
  std::string output_path;
  std::string format = "text";
  std::string xlat = "abbrev";
  std::string max_output;
  std::string timeout;
  std::string sample;
  std::string max_rate;
  std::string site_skip;
  std::string overflow = "block";
  std::vector<std::string> detach_on;
  std::vector<std::string> redact;
  std::vector<std::string> pids;
  int timestamps = 0;
  int fd_paths = 0;
  int hex_strings = 0;
  int quiet = 0;
  int follow = 0;
  bool no_follow = false;
  bool summary_only = false;
  bool summary_also = false;
  bool no_pushdown = false;
  bool no_low_latency = false;
  bool no_crash_report = false;
  HeapOptions heap;
};

// What a recording has counted stays where a report does not say otherwise: CLI11 would set it to 0.
void add_counted_flag(CLI::App& app, const std::string& name, int& count, const std::string& description) {
  const int before = count;
  app.add_flag(name, count, description);
  count = before;
}

void add_debug_file_options(CLI::App& app, Settings& settings) {
  app.add_option("--symbols-from", settings.symbols_from, "Look for debug files in this folder first")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_flag("--debuginfod", settings.debuginfod, "Ask the servers of DEBUGINFOD_URLS for debug files");
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
  add_sampling_options(app, raw.sample, raw.max_rate);
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
  run->add_option("-u", settings.user, "Run the program as this user")->type_name("USER");
  run->add_option("-E", settings.environment, "Set (VAR=VAL) or remove (VAR) an environment variable")
      ->type_name("VAR[=VAL]")
      ->allow_extra_args(false);
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

Result<void> apply_times(Settings& settings, const RawOptions& raw) {
  constexpr ClockStyle clocks[] = {ClockStyle::none, ClockStyle::seconds, ClockStyle::microseconds,
                                   ClockStyle::unix_time};
  settings.output.clock = clocks[std::min(raw.timestamps, 3)];
  if (!raw.timeout.empty()) {
    auto timeout = parse_duration(raw.timeout);
    if (!timeout) return Failure(timeout.error());
    settings.timeout_ns = *timeout;
  }
  return {};
}

Result<void> apply_limits(Settings& settings, const RawOptions& raw) {
  if (!raw.max_output.empty()) {
    auto bytes = parse_bytes(raw.max_output);
    if (!bytes) return Failure(bytes.error());
    settings.output.max_bytes = *bytes;
  }
  if (const auto& sort = settings.output.summary_sort; !sort.empty() && !output::summary_order_named(sort)) {
    return fail(ErrorCode::invalid,
                fmt::format("-S: '{}' is no order; use time, calls, errors, name, min, max or avg", sort));
  }
  const bool summed = raw.summary_only || raw.summary_also;
  if (!summed && (settings.output.summary_per_process || !settings.output.summary_sort.empty())) {
    return fail(ErrorCode::invalid,
                fmt::format("{} is about a summary, which -c or -C asks for",
                            settings.output.summary_per_process ? "--per-process" : "-S"));
  }
  if (!raw.sample.empty()) {
    auto sample = parse_sampling(raw.sample);
    if (!sample) return Failure(sample.error());
    settings.tracing.sample = *sample;
  }
  if (!raw.max_rate.empty()) {
    auto rate = parse_rate(raw.max_rate);
    if (!rate) return Failure(rate.error());
    settings.tracing.max_rate = *rate;
  }
  return {};
}

void apply_printing(Settings& settings, const RawOptions& raw) {
  OutputSettings& output = settings.output;
  output.format = raw.format == "json" ? Format::json : raw.format == "csv" ? Format::csv : Format::text;
  output.style.xlat = raw.xlat == "raw"       ? decode::Xlat::raw
                      : raw.xlat == "verbose" ? decode::Xlat::verbose
                                              : decode::Xlat::abbrev;
  output.style.hex_strings = raw.hex_strings == 0   ? decode::HexStrings::never
                             : raw.hex_strings == 1 ? decode::HexStrings::non_ascii
                                                    : decode::HexStrings::all;
  output.quiet = static_cast<unsigned>(raw.quiet);
  output.summary = raw.summary_only ? Summary::only : raw.summary_also ? Summary::also : Summary::none;
}

Result<void> apply_tracing(Settings& settings, const RawOptions& raw) {
  record::Options& tracing = settings.tracing;
  tracing.follow_children = !raw.no_follow;
  tracing.string_limit = settings.output.style.string_limit;
  tracing.verbose = settings.output.style.verbose;
  tracing.stacks = settings.print_stacks;
  tracing.crash_reports = !raw.no_crash_report;
  tracing.fd_paths = raw.fd_paths > 0;
  tracing.fd_details = raw.fd_paths > 1;
  tracing.drop_on_overflow = raw.overflow == "drop";
  tracing.low_latency = !raw.no_low_latency;
  settings.heap_pushdown = !raw.no_pushdown;
  settings.pushdown = !raw.no_pushdown && !raw.no_follow && raw.detach_on.empty();
  for (const auto& what : raw.redact) {
    tracing.redact_strings |= what == "strings";
    tracing.redact_paths |= what == "paths";
    tracing.redact_environment |= what == "env";
  }
  for (const auto& name : raw.detach_on) {
    const syscall::Row* row = syscall::find(Abi::x86_64, name);
    if (row == nullptr)
      return fail(ErrorCode::invalid, fmt::format("-b: no system call is named '{}'", name));
    tracing.detach_on.push_back(row->name);
  }
  return {};
}

Result<void> apply_heap(Settings& settings, const RawOptions& raw) { return apply_heap(settings, raw.heap); }

Result<void> apply_site_skip(Settings& settings, const RawOptions& raw) {
  if (raw.site_skip.empty()) return {};
  auto pattern = filter::text_pattern(raw.site_skip);
  if (!pattern) return fail(ErrorCode::invalid, fmt::format("--site-skip: {}", pattern.error().message()));
  settings.skip_site = *std::move(pattern);
  return {};
}

Result<void> check_environment(Settings& settings, const RawOptions&) {
  for (const auto& change : settings.environment) {
    if (!change.empty() && change.front() != '=') continue;
    return fail(ErrorCode::invalid,
                fmt::format("-E: '{}' names no variable; it takes VAR=VAL or VAR", change));
  }
  return {};
}

Result<void> apply_pids(Settings& settings, const RawOptions& raw) {
  for (const auto& text : raw.pids) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc{} || end != text.data() + text.size() || pid <= 0) {
      return fail(ErrorCode::invalid,
                  fmt::format("'{}' is no process id; 'pidof NAME' tells those of a program", text));
    }
    settings.pids.push_back(pid);
  }
  return {};
}

Result<void> apply(Settings& settings, const RawOptions& raw) {
  apply_printing(settings, raw);
  using Step = Result<void> (*)(Settings&, const RawOptions&);
  for (const Step step : {Step(apply_times), Step(apply_limits), Step(apply_tracing), Step(apply_heap),
                          Step(apply_site_skip), Step(check_environment), Step(apply_pids)}) {
    if (auto done = step(settings, raw); !done) return done;
  }
  return {};
}

ExitNow usage_error(std::string_view text) {
  complain(text);
  return {125};
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

// Reads what was typed into settings and raw; what is not mentioned stays as it is.
std::optional<ExitNow> parse_onto(const std::vector<std::string>& typed, Settings& settings,
                                  RawOptions& raw) {
  CLI::App app("sonde looks into a running process from outside: its system calls, as they happen.", "sonde");
  app.set_version_flag("--version", "sonde " SONDE_VERSION);
  app.require_subcommand(1);
  app.formatter(usage_formatter());

  // CLI11 compares each option with all others of its verb, which takes longer than all else before the
  // program starts: only verbs that may be meant get theirs.
  const auto mentioned = [&](std::string_view verb) {
    return std::find(typed.begin(), typed.end(), verb) != typed.end();
  };
  CLI::App* run = add_run(app, settings, raw, mentioned("run"));
  CLI::App* attach = add_attach(app, settings, raw, mentioned("attach"));
  CLI::App* record = app.add_subcommand("record", "Keep the events in a file, for 'sonde report'");
  record->add_option("-o", settings.trace_file, "The trace file to write")->type_name("FILE")->required();
  record->require_subcommand(1);
  record->footer(
      "Examples:\n  sonde record -o build.sonde run -- make\n"
      "  sonde record -o busy.sonde attach --timeout 10s 4242");
  CLI::App* record_run = add_run(*record, settings, raw, mentioned("record") && mentioned("run"));
  CLI::App* record_attach = add_attach(*record, settings, raw, mentioned("record") && mentioned("attach"));
  const HeapVerbTexts texts{raw.format, raw.timeout,   raw.site_skip, raw.overflow,
                            raw.pids,   raw.no_follow, raw.sample,    raw.max_rate};
  CLI::App* heap = add_heap(app, settings, raw.heap, texts, mentioned("heap"));
  CLI::App* record_heap =
      add_heap(*record, settings, raw.heap, texts, mentioned("record") && mentioned("heap"));
  for (CLI::App* verb : {run, attach, heap, record_run, record_attach, record_heap}) {
    verb->add_option("-o", settings.output.path, "Write to this file, or to a command: -o '|gzip >trace.gz'")
        ->type_name("FILE");
    verb->add_flag("-A", settings.output.append, "Append to the file");
  }

  CLI::App* report = add_report(app, settings, raw, mentioned("report"));
  CLI::App* filter = add_filter(app, settings, mentioned("filter"));
  CLI::App* stack = add_stack(app, settings, raw, mentioned("stack"));
  CLI::App* symbolize = add_symbolize(app, settings, raw, mentioned("symbolize"));

  for (CLI::App* verb : {run, attach, record, report, heap, filter, stack, symbolize, record_run,
                         record_attach, record_heap}) {
    verb->group("Verbs");
  }

  // What follows "--" is the program's; CLI11 would look for options in it.
  const auto dashes = std::find(typed.begin(), typed.end(), "--");
  try {
    app.parse(std::vector<std::string>(std::make_reverse_iterator(dashes), typed.rend()));
  } catch (const CLI::CallForHelp& e) {
    return ExitNow{app.exit(e)};
  } catch (const CLI::CallForAllHelp& e) {
    return ExitNow{app.exit(e)};
  } catch (const CLI::CallForVersion& e) {
    return ExitNow{app.exit(e)};
  } catch (const CLI::ParseError& e) {
    return usage_error(complaint(e, app, {typed.begin(), dashes}));
  }

  const bool recorded = record->parsed();
  CLI::App* used_run = recorded ? record_run : run;
  CLI::App* used_attach = recorded ? record_attach : attach;
  if (used_run->parsed()) {
    settings.verb = Verb::run;
    // Without "--" before it the program is the first word that is no option; a "--" behind it is one of its
    // own.
    settings.command = used_run->remaining();
    const bool own_dashes = settings.command.empty() && dashes != typed.end();
    settings.command.insert(settings.command.end(), own_dashes ? dashes + 1 : dashes, typed.end());
    if (settings.command.empty())
      return usage_error("run: which program? Usage: sonde run [options] -- PROGRAM [ARG...]");
    if (settings.command.front().starts_with('-')) {
      return usage_error(
          fmt::format("run: unknown option '{}'; 'sonde run --help' lists them", settings.command.front()));
    }
  } else if ((recorded ? record_heap : heap)->parsed()) {
    raw.heap.verb = true;
    settings.verb = dashes == typed.end() ? Verb::attach : Verb::run;
    settings.command.assign(dashes == typed.end() ? dashes : dashes + 1, typed.end());
    if (settings.command.empty() == raw.pids.empty()) {
      return usage_error(
          "heap: which process, or program? Usage: sonde heap [options] (PID... | -- PROGRAM [ARG...])");
    }
  } else if (used_attach->parsed()) {
    settings.verb = Verb::attach;
    if (raw.pids.empty()) return usage_error("attach: which process? Usage: sonde attach [options] PID...");
  } else if (stack->parsed()) {
    settings.verb = Verb::stack;
    if (raw.pids.empty()) return usage_error("stack: which process? Usage: sonde stack [options] PID...");
  } else {
    // Asked for events, a report on a heap shows these.
    if (report->parsed() && report->count("--events") != 0) raw.heap.verb = false;
    settings.verb = report->parsed() ? Verb::report : symbolize->parsed() ? Verb::symbolize : Verb::filter;
  }
  return std::nullopt;
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
