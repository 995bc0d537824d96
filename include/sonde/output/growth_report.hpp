// The report on how heaps grew: does memory grow from round to round, where from, and what is never freed.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "sonde/analysis/site_growth.hpp"
#include "sonde/suppress/leak.hpp"

namespace sonde::output {

struct GrowthReportOptions {
  std::size_t top = 10;                     // Stacks of each list, in text; 0: all.
  std::size_t frames = 24;                  // Of a stack, in text; 0: all.
  Nanoseconds older_than = 10'000'000'000;  // Blocks that are so old are told apart.
  // What makes a round: "handle_request" (called), "SIGUSR2". Empty: time does.
  std::string round_by = {};
  Nanoseconds interval = 0;  // Of rounds by time; those that were merged count as one.
  bool one_by_one = false;   // A round is what the user has said, also where several were merged.
};

// What is told of one process. All that is pointed to must outlive the report.
struct GrowthReportSource {
  const analysis::ProcessHeap& heap;
  const analysis::HeapGrowth& growth;
  // Of a site, innermost first, as leaks::StackFrames has them. Untrusted texts.
  std::function<std::span<const suppress::Frame>(const analysis::ProcessHeap::Site&)> frames;
  Nanoseconds time;  // Now.
};

// For people: one line says whether memory grows, then come the stacks that grow, those that grew once, and
// those with old blocks. Untrusted bytes are escaped as elsewhere.
std::string growth_report_text(const GrowthReportSource& source, const GrowthReportOptions& options);

// A line: an object of the kind "growth" (docs/json.md).
std::string growth_report_json(const GrowthReportSource& source, const GrowthReportOptions& options);

// Whether a stack grows steadily.
bool grows(const analysis::HeapGrowth& growth);

}  // namespace sonde::output
