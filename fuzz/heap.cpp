// The account of heaps, as a hostile trace file has it kept: frames of allocator calls, of processes and of
// stacks. The parts of each account must agree with the whole, whatever was claimed.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "sonde/analysis/heap_table.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/base/result.hpp"

namespace {

struct Sum {
  std::uint64_t allocations = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t peak_bytes = 0;

  void add(const sonde::analysis::HeapCounters& counters, std::uint64_t peak) {
    allocations += counters.allocations;
    live_bytes += counters.live_bytes;
    peak_bytes += counters.peak_bytes(peak);
  }
  bool operator==(const Sum&) const = default;
};

void check(const sonde::analysis::ProcessHeap& heap) {
  Sum whole;
  Sum sites;
  Sum threads;
  Sum sizes;
  whole.add(heap.total(), heap.peak());
  for (const auto& site : heap.sites()) sites.add(site.counters, heap.peak());
  for (const auto& thread : heap.threads()) threads.add(thread.counters, heap.peak());
  for (const auto& size : heap.sizes()) sizes.add(size, heap.peak());
  SONDE_CHECK(sites == whole && threads == whole && sizes == whole);
  SONDE_CHECK(whole.peak_bytes == heap.peak_bytes());
  const auto samples = heap.memory().samples();
  SONDE_CHECK(samples.size() <= sonde::limits::heap_memory_samples &&
              samples.empty() == heap.memory().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sonde;
  std::vector<std::uint64_t> aligned((size + 7) / 8);
  if (size != 0) std::memcpy(aligned.data(), data, size);
  Bytes rest(reinterpret_cast<const std::byte*>(aligned.data()), size);
  analysis::HeapTable table;
  while (const auto frame = event::frame_size(rest)) {
    if (const auto event = event::parse_frame(rest)) table.apply(*event);
    rest = rest.subspan(*frame);
  }
  for (const auto* heap : table.heaps()) check(*heap);
  return 0;
}
