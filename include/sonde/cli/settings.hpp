// What the command line asked for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <linux/filter.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "sonde/decode/style.hpp"
#include "sonde/filter/typed.hpp"
#include "sonde/output/growth_report.hpp"
#include "sonde/output/heap_report.hpp"
#include "sonde/output/leak_report.hpp"
#include "sonde/record/options.hpp"

namespace sonde::cli {

enum class Verb { run, attach, report, filter, stack, symbolize, suppressions, leaks };
enum class Format { text, json, csv };
enum class Summary { none, also, only };  // -C, -c
enum class ClockStyle { none, seconds, microseconds, unix_time };

// How events are printed; what a report can change after the fact.
struct OutputSettings {
  Format format = Format::text;
  decode::Style style;
  ClockStyle clock = ClockStyle::none;
  bool relative = false;
  bool durations = false;
  bool syscall_numbers = false;
  bool instruction_pointers = false;
  unsigned column = 40;
  unsigned quiet = 0;
  Summary summary = Summary::none;
  bool summary_per_process = false;
  std::string summary_sort;
  output::HeapReportOptions heap;  // With a summary, where the heap is watched.
  std::string path;                // -o; empty for standard error (standard output for a report).
  bool append = false;
  std::optional<std::uint64_t> max_bytes;
};

// What `sonde symbolize` is asked.
struct SymbolizeSettings {
  std::string file;
  std::vector<std::string> addresses;  // Empty: from standard input.
  bool mangled = false;
  bool verify = false;
};

// What `sonde suppressions check` is asked.
struct SuppressionsSettings {
  std::vector<std::string> files;
  std::string program;  // --program; empty: none.
  std::string against;  // --against; empty: none.
  std::optional<unsigned>
      reviewed_within;  // Days; not typed: what is usual, and only of entries with a date.
};

// What `sonde leaks` is asked.
struct LeakSettings {
  enum class Form { text, json, sarif, junit };

  bool wanted = false;
  Form form = Form::text;
  output::LeakReportOptions report;
  bool print_suppressions = false;
  bool default_suppressions = true;
  std::vector<std::string> suppressions;  // Files.
  std::string baseline;                   // A file; empty: none.
  suppress::LeakKinds fail_on;            // What makes the exit status one of findings.
  std::optional<int> error_exitcode;      // That status; not typed: findings change nothing.
  std::optional<Nanoseconds> after;       // --after, --every: looks while it runs.
  std::optional<Nanoseconds> every;
  std::optional<std::size_t> contents;  // Bytes of each block shown; not typed: a few without stacks.
};

// What `sonde leaks --growth` is asked.
struct GrowthSettings {
  enum class Rounds { time, function, signal };

  bool wanted = false;
  bool json = false;
  Rounds rounds = Rounds::time;
  std::optional<Nanoseconds> interval;  // Of rounds by time; not typed: by how long it is watched.
  output::GrowthReportOptions report;
};

struct Settings {
  Verb verb = Verb::run;
  std::vector<std::string> command;  // run: the program and its arguments.
  std::vector<pid_t> pids;           // attach, stack
  std::string trace_file;            // record -o: written; report: read.
  std::string expression;            // filter
  SymbolizeSettings symbolize;
  SuppressionsSettings suppressions;
  LeakSettings leaks;
  GrowthSettings growth;
  std::vector<std::string> symbols_from;  // --symbols-from
  bool debuginfod = false;
  OutputSettings output;
  record::Options tracing;
  std::vector<std::string> filters;  // -e and what stands for it, in order.
  std::vector<std::string> paths;    // -P
  bool successful_only = false;      // -z
  bool failed_only = false;          // -Z
  bool pushdown = true;
  bool force_pushdown = false;  // Even at the price of no_new_privs.
  std::vector<sock_filter>
      program_filter;  // What pushdown made of the filter, for the program; empty for none.
  std::optional<filter::TypedExpr> selection;  // What they mean together; empty: everything.
  std::optional<filter::TypedExpr> calls;      // The same of system calls, which --events may narrow further.
  std::vector<std::string> events;             // --events; see shows()
  bool print_stacks = false;                   // -k
  bool heap_stacks = true;                     // Not --no-stacks
  bool heap_pushdown = true;                   // Not --no-pushdown
  bool only_matching = false;                  // --only-matching, with a filter
  // --site-skip: whether frames of a module or function of that name are no sites. Empty: none more than
  // usual.
  std::function<bool(std::string_view)> skip_site;
  std::string user;                      // -u
  std::vector<std::string> environment;  // -E
  std::optional<std::uint64_t> timeout_ns;
  std::vector<std::string> arguments;  // As typed, for a trace file's metadata.

  // Whether of all system calls those that map memory are shown.
  bool shows_mappings_alone() const { return !shows("syscalls") && shows("mappings"); }

  // Whether a recording is written.
  bool records() const { return verb != Verb::report && !trace_file.empty(); }

  // Whether a report on the heap is written.
  bool reports_heap() const {
    return tracing.heap && !leaks.wanted && !growth.wanted && output.summary != Summary::none &&
           !(records() && output.path.empty());
  }

  // Whether events of that sort ("syscalls", "signals", "processes", "heap", "mappings") are to be shown, as
  // far as --events says.
  bool shows(std::string_view sort) const {
    return events.empty() || std::find(events.begin(), events.end(), sort) != events.end();
  }
};

}  // namespace sonde::cli
