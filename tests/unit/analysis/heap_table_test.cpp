#include "sonde/analysis/heap_table.hpp"

#include <map>
#include <random>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "unit/heap_events.hpp"

using namespace sonde;
using namespace sonde::analysis;
using namespace sonde::test;

namespace {

struct Trace : HeapEvents<HeapTable> {
  explicit Trace(event::TaskOrigin origin = event::TaskOrigin::program,
                 HeapTable::Counts counts = HeapTable::Counts::all)
      : HeapEvents(table), table(counts) {
    start({7, 7}, origin);
  }
  const ProcessHeap& heap(std::size_t i = 0) const { return *table.heaps().at(i); }
  const HeapCounters& total(std::size_t i = 0) const { return heap(i).total(); }
  const std::vector<HeapFinding>& findings(std::size_t i = 0) const { return heap(i).findings().all(); }
  // Of the site whose stack is the one address.
  const HeapCounters& site(std::uint64_t address) const {
    for (const auto& site : heap().sites()) {
      const auto frames = table.shared().stacks.frames(site.stack);
      if (!frames.empty() && frames.front().address == address) return site.counters;
    }
    FAIL("no such site");
    return total();
  }
  HeapTable table;
};

}  // namespace

TEST_CASE("what was allocated and given back is counted, and what is live is known") {
  Trace trace;
  trace.alloc(0x1000, 100);
  trace.alloc(0x2000, 50);
  trace.alloc(0, 1 << 20);
  trace.free(0x1000);
  trace.free(0);
  const HeapCounters& total = trace.total();
  CHECK(total.allocations == 2);
  CHECK(total.bytes == 150);
  CHECK(total.failures == 1);
  CHECK(total.releases == 1);
  CHECK(total.live_blocks == 1);
  CHECK(total.live_bytes == 50);
  CHECK(trace.heap().null_releases() == 1);
  CHECK(trace.heap().peak_bytes() == 150);
  CHECK(trace.heap().peak_time() == trace.now - 3);
  CHECK(trace.findings().empty());
  CHECK(trace.heap().sizes()[7].allocations == 1);  // 64 to 127
}

TEST_CASE("of a sample, calls that were left out give blocks back and do nothing else") {
  Trace trace(event::TaskOrigin::program, HeapTable::Counts::sampled);
  trace.alloc(0x1000, 100);
  trace.alloc(0x2000, 50);
  trace.left_out = true;
  trace.free(0x1000);
  trace.realloc(0x2000, 500, 0x3000);  // The new block is not counted, and
  trace.left_out = false;
  trace.free(0x3000);  // nobody is to blame for giving it back.
  trace.free(0x4000);
  trace.event(trace.task, event::Lost{4, event::LossReason::sampling});
  CHECK(trace.total().allocations == 2);
  CHECK(trace.total().releases == 2);
  CHECK(trace.total().live_blocks == 0);
  CHECK(trace.total().resizes == 0);
  CHECK(trace.heap().unknown_releases() == 2);
  CHECK(trace.findings().empty());
  CHECK(trace.table.sampled_out() == 4);
  CHECK(trace.table.events_lost() == 0);
}

TEST_CASE("a resize that was left out and fails leaves the block where it was") {
  Trace trace(event::TaskOrigin::program, HeapTable::Counts::sampled);
  trace.alloc(0x1000, 100);
  trace.left_out = true;
  trace.realloc(0x1000, 500, 0);
  CHECK(trace.total().live_blocks == 1);
  CHECK(trace.total().failures == 0);
}

TEST_CASE("what a filter does not match is not counted, but for what it gives back") {
  Trace trace(event::TaskOrigin::program, HeapTable::Counts::matching);
  const auto unmatched = [&](HeapOperation operation, std::uint64_t address, std::uint64_t old_address) {
    trace.table.apply_unmatched({++trace.now, trace.task,
                                 event::HeapCall{operation, static_cast<std::uint16_t>(Function::malloc),
                                                 address, old_address, 10, 0, false, event::Snapshot()}});
  };
  unmatched(HeapOperation::allocate, 0x9000, 0);
  CHECK(trace.table.heaps().empty());
  trace.alloc(0x1000, 100);
  trace.alloc(0x2000, 100);
  unmatched(HeapOperation::release, 0x1000, 0);
  unmatched(HeapOperation::release, 0x9000, 0);
  unmatched(HeapOperation::give_up, 0x2000, 0);
  unmatched(HeapOperation::reallocate, 0x3000, 0x2000);
  CHECK(trace.total().allocations == 2);
  CHECK(trace.total().releases == 2);
  CHECK(trace.total().live_bytes == 0);
  CHECK(trace.findings().empty());
}

TEST_CASE("the age of what is given back") {
  Trace trace;
  trace.alloc(0x1000, 100);
  trace.now += 500;
  trace.free(0x1000);
  REQUIRE(trace.table.last().released);
  CHECK(trace.table.last().released->size == 100);
  CHECK(trace.table.last().age(trace.now) == 501);
  CHECK(trace.total().lifetimes == 501);
  trace.alloc(0x1000, 1);
  CHECK_FALSE(trace.table.last().age(trace.now));
}

TEST_CASE("a block is temporary that its thread's next call gives back") {
  Trace trace;
  trace.alloc(0x1000, 1);
  trace.free(0);  // Nothing.
  trace.free(0x1000);
  CHECK(trace.total().temporary == 1);
  trace.alloc(0x1000, 1);
  trace.alloc(0x2000, 1);
  trace.free(0x1000);
  CHECK(trace.total().temporary == 1);
  trace.start({7, 8}, event::TaskOrigin::clone, 7);
  trace.alloc(0x3000, 1);
  trace.task = {7, 8};
  trace.alloc(0x4000, 1);
  trace.task = {7, 7};
  trace.free(0x3000);  // What another thread does in between does not count.
  CHECK(trace.total().temporary == 2);
  CHECK(trace.heap().threads().size() == 3);
  trace.realloc(0x2000, 10, 0x5000);
  trace.realloc(0x5000, 20, 0x6000);
  CHECK(trace.total().temporary == 3);
}

TEST_CASE("a resize gives the old block back and takes a new one") {
  Trace trace;
  trace.alloc(0x1000, 10);
  trace.realloc(0x1000, 30, 0x1000);
  CHECK(trace.total().live_bytes == 30);
  CHECK(trace.total().resizes == 1);
  CHECK(trace.total().allocations == 2);
  REQUIRE(trace.table.last().released);
  trace.realloc(0x1000, 90, 0);  // Fails: the block lives on.
  CHECK(trace.total().failures == 1);
  CHECK(trace.total().live_bytes == 30);
  trace.realloc(0, 5, 0x3000);
  CHECK(trace.total().resizes == 1);
  CHECK(trace.total().live_blocks == 2);
  trace.realloc(0x1000, 0, 0);  // Is a free.
  CHECK(trace.total().live_bytes == 5);
  trace.free(0x3000);
  CHECK(trace.findings().empty());
  CHECK(trace.total().live_blocks == 0);
}

TEST_CASE("while a block is resized another thread may be given its address") {
  Trace trace;
  trace.start({7, 8}, event::TaskOrigin::clone, 7);
  trace.alloc(0x1000, 10);
  trace.give_up(0x1000);
  trace.task = {7, 8};
  trace.alloc(0x1000, 3);
  trace.task = {7, 7};
  trace.reallocate(0x1000, 40, 0x2000);
  CHECK(trace.total().live_blocks == 2);
  CHECK(trace.total().live_bytes == 43);
  trace.free(0x1000);
  trace.free(0x2000);
  CHECK(trace.findings().empty());
  CHECK(trace.total().live_bytes == 0);
}

TEST_CASE("a thread that ends inside a resize leaves the old block") {
  Trace trace;
  trace.start({7, 8}, event::TaskOrigin::clone, 7);
  trace.alloc(0x1000, 10);
  trace.task = {7, 8};
  trace.give_up(0x1000);
  trace.event({7, 8}, event::TaskEnded{0});
  trace.task = {7, 7};
  trace.free(0x1000);
  CHECK(trace.findings().empty());
  CHECK(trace.total().live_blocks == 0);
}

TEST_CASE("each site knows what it had live at the peak") {
  Trace trace;
  trace.know(1, {0xa});
  trace.know(2, {0xb});
  trace.stack = 1;
  trace.alloc(0x1000, 100);
  trace.stack = 2;
  trace.alloc(0x2000, 1000);  // The peak: 1100.
  trace.stack = 1;
  trace.free(0x2000);
  trace.alloc(0x3000, 500);
  trace.alloc(0x4000, 200);
  trace.free(0x1000);
  const auto peak = trace.heap().peak();
  CHECK(trace.site(0xa).peak_bytes(peak) == 100);
  CHECK(trace.site(0xa).live_bytes == 700);
  CHECK(trace.site(0xb).peak_bytes(peak) == 1000);
  CHECK(trace.site(0xb).peak_blocks(peak) == 1);
  CHECK(trace.site(0xb).live_bytes == 0);
}

TEST_CASE("random calls: counters by site, thread and size agree with a plain account") {
  Trace trace;
  std::mt19937 random(4711);
  for (std::uint32_t id = 1; id <= 20; ++id) trace.know(id, {id, 100 + id % 3, 200});
  struct Block {
    std::uint64_t size;
    std::uint32_t site;
  };
  std::map<std::uint64_t, Block> live;
  std::map<std::uint32_t, std::uint64_t> by_site;
  std::map<std::uint32_t, std::uint64_t> at_peak;
  std::uint64_t bytes = 0;
  std::uint64_t peak = 0;
  for (int i = 0; i < 100'000; ++i) {
    trace.stack = 1 + static_cast<std::uint32_t>(random() % 20);
    trace.task.tid = 7 + static_cast<pid_t>(random() % 4);
    if (random() % 5 < 3 || live.empty()) {
      const std::uint64_t address = 16 * (1 + random() % 50'000);
      if (live.contains(address)) continue;
      live[address] = {random() % 1000, trace.stack};
      trace.alloc(address, live[address].size);
      bytes += live[address].size;
      by_site[trace.stack] += live[address].size;
      if (bytes > peak) {
        peak = bytes;
        at_peak = by_site;
      }
    } else {
      auto block = live.lower_bound(16 * (random() % 50'000));
      if (block == live.end()) block = live.begin();
      bytes -= block->second.size;
      by_site[block->second.site] -= block->second.size;
      trace.free(block->first);
      live.erase(block);
    }
  }
  const ProcessHeap& heap = trace.heap();
  CHECK(heap.total().live_blocks == live.size());
  CHECK(heap.total().live_bytes == bytes);
  CHECK(heap.peak_bytes() == peak);
  CHECK(heap.total().peak_bytes(heap.peak()) == peak);
  for (std::uint32_t id = 1; id <= 20; ++id) {
    CHECK(trace.site(id).live_bytes == by_site[id]);
    CHECK(trace.site(id).peak_bytes(heap.peak()) == at_peak[id]);
  }
  std::uint64_t by_thread = 0;
  std::uint64_t by_size = 0;
  for (const auto& thread : heap.threads()) by_thread += thread.counters.peak_bytes(heap.peak());
  for (const auto& size : heap.sizes()) by_size += size.live_bytes;
  CHECK(by_thread == peak);
  CHECK(by_size == bytes);
  std::size_t blocks = 0;
  heap.blocks().each([&](const LiveBlock& block) {
    ++blocks;
    REQUIRE(live.contains(block.address));
    CHECK(live[block.address].size == block.size);
  });
  CHECK(blocks == live.size());
}

TEST_CASE("stacks are kept when the stream has forgotten them, and equal ones are one") {
  Trace trace;
  trace.know(1, {0xa, 0xc});
  trace.stack = 1;
  trace.alloc(0x1000, 1);
  const event::FrameAddress frame{0xb, 1, 0};
  for (std::uint32_t id = 2; id < 5; ++id) {
    trace.event(trace.task, event::Stack{id, event::StackEnd::complete, true, {&frame, 1}});
  }
  trace.know(9, {0xa, 0xc});
  trace.stack = 9;
  trace.alloc(0x2000, 2);
  CHECK(trace.site(0xa).bytes == 3);
  trace.stack = 1;  // Forgotten.
  trace.alloc(0x3000, 3);
  CHECK(trace.heap().sites()[0].counters.bytes == 3);
}
