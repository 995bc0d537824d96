// What -c and -C print at the end: analysis::CallStatistics as a table, as JSON or as CSV.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sonde/analysis/call_statistics.hpp"

namespace sonde::output {

// -S. All but name and none put the largest first; rows that are equal stay in the order of their numbers.
enum class SummaryOrder { time, calls, errors, name, shortest, longest, mean, none };

// The order of that name, as -S and its man page spell it: time, calls or count, errors, name, min, max, avg,
// nothing, and strace's longer words for them (total-time, min-time ...). Empty for any other.
std::optional<SummaryOrder> summary_order_named(std::string_view name);

// strace -c's table: its columns, with shortest, p50, p90, p99 and longest between the errors and the name.
// Times are on the clock on the wall (strace's -w), in seconds; quantiles are off by 0.8 % at most. A heading
// stands above each ABI but x86-64, and above each process's table where those were kept; below, what was in
// flight at the end. Ends with a newline.
std::string summary_text(const analysis::CallStatistics& statistics, SummaryOrder order);

// One line: {"kind":"summary","calls":[…],"total":[…],"processes":[…]}, as docs/json.md describes.
std::string summary_json(const analysis::CallStatistics& statistics, SummaryOrder order);

// A header line and a row a call, RFC 4180; those of the processes follow those of all with the pid in the
// first column. Times in nanoseconds.
std::string summary_csv(const analysis::CallStatistics& statistics, SummaryOrder order);

}  // namespace sonde::output
