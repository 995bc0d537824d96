// What -c and -C tell: how often each system call was made, how it went and how long it took. A fold over
// calls.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sonde/analysis/duration_histogram.hpp"
#include "sonde/base/types.hpp"

namespace sonde::analysis {

// One call, as the statistics take it.
struct CallSample {
  TaskId task;
  Abi abi;
  std::uint32_t nr;
  Nanoseconds duration;  // On the clock on the wall, from entry to exit, or to the end where it is in flight.
  bool failed;
  bool in_flight = false;  // It had not returned when its task died or tracing ended.
};

// Of one system call.
struct CallTotals {
  std::string name;
  std::uint64_t calls = 0;  // Those in flight included, each with the time that it had taken.
  std::uint64_t errors = 0;
  std::uint64_t in_flight = 0;
  Nanoseconds total = 0;
  Nanoseconds shortest = 0;
  Nanoseconds longest = 0;
  DurationHistogram durations;

  // As DurationHistogram::quantile(), and never outside shortest and longest.
  Nanoseconds quantile(double fraction) const;
  Nanoseconds mean() const { return calls == 0 ? 0 : total / calls; }
  void add(const CallSample& sample);
  void add(const CallTotals& other);
};

// A row for each system call that was made. Numbers that no table knows above limits::statistics_numbers
// share a row.
class CallTable {
 public:
  void add(const CallSample& sample);
  // The rows of an ABI by number; empty when it made none.
  std::vector<const CallTotals*> rows(Abi abi) const;
  // All rows of an ABI in one, named "total".
  CallTotals total(Abi abi) const;

 private:
  std::array<std::vector<std::unique_ptr<CallTotals>>, 3> by_number_;
};

// Memory depends on the number of distinct calls and processes, both bounded, and not on the number of
// events.
class CallStatistics {
 public:
  // `per_process`: also keep a table for each process, for the first limits::statistics_processes of them;
  // those that follow share one.
  explicit CallStatistics(bool per_process = false) : per_process_(per_process) {}

  void apply(const CallSample& sample);
  // What a process is called from now on (its comm); kept for the first limits::statistics_processes.
  void name_process(pid_t pid, std::string_view comm);

  struct Process {
    std::string comm;
    CallTable table;
  };

  const CallTable& all() const { return all_; }
  // By pid; 0 holds all those beyond the limit. Empty unless asked for.
  const std::map<pid_t, Process>& processes() const { return processes_; }

 private:
  Process& process(pid_t pid);

  bool per_process_;
  CallTable all_;
  std::map<pid_t, Process> processes_;
  Process* last_ = nullptr;
  pid_t last_pid_ = 0;
};

}  // namespace sonde::analysis
