// Looks for what a process has lost, in a copy of its memory, and reports it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

#include "cli/leak_image.hpp"
#include "sonde/base/result.hpp"
#include "sonde/cli/settings.hpp"
#include "sonde/leaks/baseline.hpp"
#include "sonde/leaks/findings.hpp"
#include "sonde/output/leak_report.hpp"
#include "sonde/suppress/suppression_set.hpp"

namespace sonde::cli {

struct LeakSubject {
  pid_t pid;
  std::string exe;
  std::string_view when;  // As in output::LeakReportSource; a literal.
  Nanoseconds stopped_for;
  leaks::Blocks blocks;               // Sealed.
  std::vector<std::uint32_t> stacks;  // Of each block; empty where none are known.
  leaks::StackFrames frames;          // Must work for as long as reports are written.
  std::vector<std::string> notes;
  bool rounded_sizes = false;  // Sizes are malloc's, not those that were asked for.
  bool others = false;         // The process has blocks that are not among `blocks`.
};

class LeakCheck {
 public:
  // Reads suppressions and the baseline. Fails, in words for the user, where a file is not what it should be.
  static Result<LeakCheck> make(const LeakSettings& settings);

  // `tentative`: it counts once it is confirmed, and not at all where another look at the process comes
  // before.
  void check(LeakSubject subject, const LeakImage& image, bool tentative = false);
  void confirm(pid_t pid);
  // What is to be written now: a report for each process since the last time, or nothing yet for the forms
  // that are one document.
  std::string take_report();
  // The rest.
  std::string finish();
  // Whether anything was found that is to fail the run.
  bool found() const { return found_; }

 private:
  struct Checked {
    LeakSubject subject;
    leaks::Findings findings;
    Nanoseconds scanned_for;
    std::uint64_t words_scanned;
    std::uint64_t unreadable_bytes;
    std::unordered_map<std::uint64_t, std::vector<std::byte>> contents;
    bool by_size;
  };

  LeakCheck(const LeakSettings& settings, suppress::Suppressions suppressions, leaks::Baseline baseline);
  void add(std::unique_ptr<Checked> checked);
  output::LeakReportSource source_of(const Checked& checked) const;

  LeakSettings settings_;
  std::unique_ptr<suppress::SuppressionSet> suppressions_;
  leaks::Baseline baseline_;
  std::unordered_map<pid_t, std::unique_ptr<Checked>> tentative_;
  std::vector<std::unique_ptr<Checked>> checked_;  // Null once it was written, where it is not needed again.
  std::size_t written_ = 0;                        // Of checked_.
  bool found_ = false;
};

}  // namespace sonde::cli
