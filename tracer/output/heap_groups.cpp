#include "output/heap_groups.hpp"

#include <algorithm>
#include <map>

#include "output/heap_call.hpp"
#include "output/text.hpp"

namespace sonde::output {

namespace {

using analysis::ProcessHeap;

std::string name_of_site(const std::vector<HeapLine>& lines, HeapGrouping by) {
  if (lines.empty()) return "(no stack)";
  const HeapLine& site = lines.back();
  if (by == HeapGrouping::site) return text_of(site);
  std::string name;
  if (by == HeapGrouping::module) {
    append_printable(name, site.module);
    return name.empty() ? "(no file)" : name;
  }
  append_site_text(name, {site.module, site.function, {}, 0});
  return name;
}

std::vector<HeapGroup> by_site(const HeapReportSource& source, const ProcessHeap& heap, HeapGrouping by) {
  std::map<std::string, HeapNumbers> groups;
  for (const ProcessHeap::Site& site : heap.sites()) {
    groups[name_of_site(lines_of(source, site.stack, heap.pid()), by)].add(site.counters, heap.peak());
  }
  std::vector<HeapGroup> made;
  made.reserve(groups.size());
  for (auto& [name, numbers] : groups) made.push_back({name, numbers});
  return made;
}

std::vector<HeapGroup> by_thread(const ProcessHeap& heap) {
  std::vector<HeapGroup> groups;
  for (const ProcessHeap::Thread& thread : heap.threads()) {
    groups.push_back({thread.tid == 0 ? "(others)" : fmt::format("thread {}", thread.tid), {}});
    groups.back().numbers.add(thread.counters, heap.peak());
  }
  return groups;
}

std::vector<HeapGroup> by_size(const ProcessHeap& heap) {
  std::vector<HeapGroup> groups;
  for (std::size_t i = 0; i < heap.sizes().size(); ++i) {
    const auto [smallest, largest] = size_range(i);
    groups.push_back(
        {smallest == largest ? fmt::format("{} B", smallest) : fmt::format("{} to {} B", smallest, largest),
         {}});
    groups.back().numbers.add(heap.sizes()[i], heap.peak());
  }
  return groups;
}

}  // namespace

void HeapNumbers::add(const analysis::HeapCounters& counters, std::uint64_t peak) {
  allocations += counters.allocations;
  bytes += counters.bytes;
  resizes += counters.resizes;
  releases += counters.releases;
  temporary += counters.temporary;
  failures += counters.failures;
  live_blocks += counters.live_blocks;
  live_bytes += counters.live_bytes;
  peak_blocks += counters.peak_blocks(peak);
  peak_bytes += counters.peak_bytes(peak);
  lifetimes += counters.lifetimes;
}

SizeRange size_range(std::size_t size_class) {
  if (size_class == 0) return {0, 0};
  const std::uint64_t smallest = std::uint64_t{1} << (size_class - 1);
  return {smallest, smallest + (smallest - 1)};
}

std::vector<HeapGroup> groups_of(const HeapReportSource& source, const ProcessHeap& heap, HeapGrouping by) {
  auto groups = by == HeapGrouping::size     ? by_size(heap)
                : by == HeapGrouping::thread ? by_thread(heap)
                                             : by_site(source, heap, by);
  std::erase_if(groups, [](const HeapGroup& group) { return group.numbers.empty(); });
  if (by != HeapGrouping::size) {
    std::stable_sort(groups.begin(), groups.end(), [](const HeapGroup& a, const HeapGroup& b) {
      return std::pair(a.numbers.peak_bytes, a.numbers.bytes) >
             std::pair(b.numbers.peak_bytes, b.numbers.bytes);
    });
  }
  return groups;
}

std::optional<HeapGrouping> heap_grouping_named(std::string_view name) {
  constexpr std::pair<std::string_view, HeapGrouping> names[] = {{"site", HeapGrouping::site},
                                                                 {"function", HeapGrouping::function},
                                                                 {"module", HeapGrouping::module},
                                                                 {"thread", HeapGrouping::thread},
                                                                 {"size", HeapGrouping::size}};
  for (const auto& [known, grouping] : names) {
    if (known == name) return grouping;
  }
  return std::nullopt;
}

}  // namespace sonde::output
