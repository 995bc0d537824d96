// The report on the heaps of a trace: what programs did wrong, how much they allocated, and where.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

#include "sonde/analysis/heap_table.hpp"
#include "sonde/base/memory_reader.hpp"
#include "sonde/event/event.hpp"
#include "sonde/output/heap_contents.hpp"
#include "sonde/output/stack_text.hpp"

namespace sonde::output {

// --by. By site, call trees are shown; else a table.
enum class HeapGrouping : std::uint8_t { site, function, module, thread, size };
std::optional<HeapGrouping> heap_grouping_named(std::string_view name);

struct HeapReportOptions {
  std::size_t top = 10;  // Sites or groups of each list, and processes.
  HeapGrouping by = HeapGrouping::site;
  bool so_far = false;       // Processes that run go on to be watched.
  std::size_t contents = 0;  // --contents: that many bytes of live blocks are shown.
  // The memory of a process that is there, and the copy of one that ends; needed where contents are shown.
  std::function<std::unique_ptr<MemoryReader>(pid_t)> memory = nullptr;
  std::function<std::unique_ptr<MemoryReader>(const event::MemoryCopied&)> copied = nullptr;
};

// What was in the blocks of heaps that have ended, by ProcessHeap::id(): taken before they did.
using LastContents = std::unordered_map<std::uint32_t, std::vector<SiteContents>>;

// For people, who read it from the top: misuse, totals, the peak, and where the memory comes from.
std::string heap_report_text(const analysis::HeapTable& table, const StackSource& stacks,
                             const HeapReportOptions& options, const LastContents& last = {});

// A line for each heap, with all that is known of it: docs/json.md.
std::string heap_report_json(const analysis::HeapTable& table, const StackSource& stacks,
                             const HeapReportOptions& options, const LastContents& last = {});

// A header line and a row for each heap and group, RFC 4180.
std::string heap_report_csv(const analysis::HeapTable& table, const StackSource& stacks,
                            const HeapReportOptions& options);

// What a person should know whose program has an allocator that nobody watches; empty for others.
std::string unseen_growth_text(const analysis::ProcessHeap& heap);

}  // namespace sonde::output
