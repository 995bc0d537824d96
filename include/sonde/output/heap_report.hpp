// The report on the heaps of a trace: what programs did wrong, how much they allocated, and where.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "sonde/analysis/heap_table.hpp"
#include "sonde/base/memory_reader.hpp"
#include "sonde/output/stack_text.hpp"

namespace sonde::output {

// --by. By site, call trees are shown; else a table.
enum class HeapGrouping : std::uint8_t { site, function, module, thread, size };
std::optional<HeapGrouping> heap_grouping_named(std::string_view name);

struct HeapReportOptions {
  std::size_t top = 10;  // Sites or groups of each list, and processes.
  HeapGrouping by = HeapGrouping::site;
  bool so_far = false;  // Processes that run go on to be watched.
  std::size_t contents =
      0;  // --contents: that many bytes of live blocks are shown, of processes that are there.
  // The memory of a process; needed where contents are shown.
  std::function<std::unique_ptr<MemoryReader>(pid_t)> memory = nullptr;
};

// For people, who read it from the top: misuse, totals, the peak, and where the memory comes from.
std::string heap_report_text(const analysis::HeapTable& table, const StackSource& stacks,
                             const HeapReportOptions& options);

// A line for each heap, with all that is known of it: docs/json.md.
std::string heap_report_json(const analysis::HeapTable& table, const StackSource& stacks,
                             const HeapReportOptions& options);

// A header line and a row for each heap and group, RFC 4180.
std::string heap_report_csv(const analysis::HeapTable& table, const StackSource& stacks,
                            const HeapReportOptions& options);

// What a person should know whose program has an allocator that nobody watches; empty for others.
std::string unseen_growth_text(const analysis::ProcessHeap& heap);

}  // namespace sonde::output
