// The report on what a process lost: for people, for programs, for code review and for CI.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

#include "sonde/base/types.hpp"
#include "sonde/leaks/findings.hpp"

namespace sonde::output {

// What is told of one process. All that is pointed to must outlive the report.
struct LeakReportSource {
  const leaks::Findings& findings;
  const leaks::StackFrames& frames;
  const suppress::SuppressionSet* suppressions = nullptr;  // As find() had it.
  pid_t pid = 0;
  std::string_view exe;   // Or its comm. Untrusted.
  std::string_view when;  // "exit", "signal", "exec", "left", "running".
  Nanoseconds stopped_for = 0;
  Nanoseconds scanned_for = 0;
  std::uint64_t words_scanned = 0;
  std::uint64_t unreadable_bytes = 0;
  std::vector<std::string> notes;  // What cannot be known, and what went wrong, in words.
  bool by_size = false;            // There are no stacks: records are of blocks of one size.
  // The first bytes of a record's examples, by their addresses; null: none are told. Untrusted.
  const std::unordered_map<std::uint64_t, std::vector<std::byte>>* contents = nullptr;
};

struct LeakReportOptions {
  suppress::LeakKinds shown = definite_and_possible();  // Classes whose records are told one by one.
  std::size_t top = 10;                                 // Records of each class, in text; 0: all.
  std::size_t frames = 24;                              // Of a stack, in text; 0: all.
  bool unused = false;                                  // Tell suppressions that have hidden nothing.
  bool baseline = false;                                // Record::known means something.

  static constexpr suppress::LeakKinds definite_and_possible() {
    suppress::LeakKinds kinds;
    kinds.add(leaks::LeakClass::definite);
    kinds.add(leaks::LeakClass::possible);
    return kinds;
  }
};

// For people: how much of each class, the records by what would be free without them, and what was hidden by
// which suppression. Untrusted bytes are escaped as elsewhere.
std::string leak_report_text(const LeakReportSource& source, const LeakReportOptions& options);

// A line: an object of the kind "leaks" with all records of all classes, and all entries of the suppressions:
// docs/json.md. It is what suppress::parse_leak_report() and leaks::parse_baseline() read.
std::string leak_report_json(const LeakReportSource& source);

// SARIF 2.1.0 (OASIS), a run for each process: a rule for each class, a result for each record that is shown,
// with its stack, its fingerprint, what hides it and whether it is in the baseline. Bytes that are no text
// are \ooo, in octal.
std::string leak_report_sarif(std::span<const LeakReportSource> sources, const LeakReportOptions& options);

// JUnit's XML, as Jenkins and GitLab read it: a suite for each process, in it a test for each record of the
// shown classes, which fails, or is skipped where it is suppressed or in the baseline, and one that passes
// for each shown class without records.
std::string leak_report_junit(std::span<const LeakReportSource> sources, const LeakReportOptions& options);

// --print-suppressions: a block for each record that is shown and not hidden, as valgrind has them, once.
std::string leak_report_suppressions(const LeakReportSource& source, const LeakReportOptions& options);

}  // namespace sonde::output
