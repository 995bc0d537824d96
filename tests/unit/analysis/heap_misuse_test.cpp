#include <csignal>

#include <doctest/doctest.h>

#include "sonde/analysis/heap_table.hpp"
#include "sonde/base/limits.hpp"
#include "unit/heap_events.hpp"

using namespace sonde;
using namespace sonde::analysis;
using namespace sonde::test;

namespace {

struct Trace : HeapEvents<HeapTable> {
  explicit Trace(event::TaskOrigin origin = event::TaskOrigin::program) : HeapEvents(table) {
    start({7, 7}, origin);
    module(1, "/usr/bin/server");
    module(2, "/usr/lib/x86_64-linux-gnu/libc.so.6");
    for (std::uint32_t id = 1; id < 10; ++id) know(id, {id, 100});
    know(10, {10, 100}, 2);
  }
  const ProcessHeap& heap(std::size_t i = 0) const { return *table.heaps().at(i); }
  const std::vector<HeapFinding>& findings(std::size_t i = 0) const { return heap(i).findings().all(); }
  std::uint64_t address(const HeapPlace& place) const {
    return table.shared().stacks.frames(place.stack).at(0).address;
  }
  HeapTable table;
};

}  // namespace

TEST_CASE("a double free has all three stacks, and is one finding however often it happens") {
  Trace trace;
  for (int i = 0; i < 3; ++i) {
    trace.stack = 1;
    trace.alloc(0x1000, 64);
    trace.stack = 2;
    trace.free(0x1000);
    trace.stack = 3;
    trace.free(0x1000);
    CHECK(trace.table.last().misuse == HeapMisuse::double_free);
  }
  REQUIRE(trace.findings().size() == 1);
  const HeapFinding& finding = trace.findings()[0];
  CHECK(finding.count == 3);
  CHECK(finding.size == 64);
  CHECK(trace.address(finding.at) == 3);
  CHECK(trace.address(*finding.allocated) == 1);
  CHECK(trace.address(*finding.released) == 2);
}

TEST_CASE("an address that no call returned, and one inside a block") {
  Trace trace;
  trace.alloc(0x1000, 64);
  trace.free(0x5000);
  trace.free(0x1010);
  trace.realloc(0x1040, 8, 0);
  REQUIRE(trace.findings().size() == 3);
  CHECK(trace.findings()[0].misuse == HeapMisuse::unknown_address);
  CHECK(trace.findings()[1].misuse == HeapMisuse::inside_block);
  CHECK(trace.findings()[1].block_address == 0x1000);
  CHECK(trace.findings()[2].misuse == HeapMisuse::unknown_address);
  CHECK(trace.table.last().misuse == HeapMisuse::unknown_address);
}

TEST_CASE("functions that do not belong together") {
  Trace trace;
  trace.alloc(0x1000, 8, Function::malloc);
  trace.free(0x1000, Function::delete_);
  trace.alloc(0x1000, 8, Function::new_array);
  trace.free(0x1000, Function::delete_);
  trace.alloc(0x1000, 8, Function::new_);
  trace.realloc(0x1000, 80, 0x2000);
  CHECK(trace.table.last().misuse == HeapMisuse::mismatch);
  trace.alloc(0x1000, 8, Function::new_);
  trace.free(0x1000, Function::delete_sized);
  trace.alloc(0x1000, 8, Function::named_by_user);
  trace.free(0x1000, Function::free);
  CHECK(trace.findings().size() == 3);
  for (const auto& finding : trace.findings()) CHECK(finding.misuse == HeapMisuse::mismatch);
  CHECK(trace.heap().total().live_blocks == 1);
}

TEST_CASE("sizes that are seldom meant are noted") {
  Trace trace;
  trace.alloc(0x1000, 0);
  trace.alloc(0, ~std::uint64_t{0}, Function::calloc);
  REQUIRE(trace.findings().size() == 2);
  CHECK(trace.findings()[0].misuse == HeapMisuse::zero_size);
  CHECK(trace.findings()[1].misuse == HeapMisuse::huge_size);
  CHECK(is_note(trace.findings()[0].misuse));
}

TEST_CASE("of a process that ran before, unknown addresses are counted and nobody is accused") {
  Trace trace(event::TaskOrigin::attached);
  trace.free(0x1000);
  trace.realloc(0x2000, 10, 0x3000);
  trace.free(0x3000);
  CHECK(trace.findings().empty());
  CHECK(trace.heap().unknown_releases() == 2);
  trace.free(0x3000);  // All of this block's life was seen.
  CHECK(trace.findings().size() == 1);
}

TEST_CASE("when events were lost nobody is accused") {
  Trace trace;
  trace.alloc(0x1000, 8);
  trace.free(0x1000);
  trace.event({7, 7}, event::Lost{1, event::LossReason::overflow});
  trace.free(0x1000);
  trace.free(0x9000);
  CHECK(trace.findings().empty());
  CHECK(trace.table.events_lost() == 1);
}

TEST_CASE("glibc gives back what a thread's cache has, when the thread ends") {
  Trace trace;
  trace.start({7, 8}, event::TaskOrigin::clone, 7);
  trace.task = {7, 8};
  trace.stack = 1;
  trace.alloc(0x1000, 8);
  trace.free(0x1000);
  trace.stack = 10;  // Nothing but libc.
  trace.free(0x1000);
  CHECK(trace.findings().empty());
  trace.stack = 0;
  trace.free(0x1000);
  CHECK(trace.findings().empty());
  trace.event({7, 8}, event::TaskEnded{0});
  CHECK(trace.findings().empty());
  CHECK(trace.heap().unknown_releases() == 2);
  trace.stack = 2;
  trace.free(0x1000);
  CHECK(trace.findings().size() == 1);
}

TEST_CASE("without a stack a thread's misuse is known when it goes on, or when it crashes") {
  for (const bool goes_on : {true, false}) {
    Trace trace;
    trace.start({7, 8}, event::TaskOrigin::clone, 7);
    trace.task = {7, 8};
    trace.alloc(0x1000, 8);
    trace.free(0x1000);
    trace.free(0x1000);
    CHECK(trace.findings().empty());
    if (goes_on) {
      trace.alloc(0x2000, 8);
    } else {
      trace.event({7, 8}, event::TaskEnded{SIGABRT});
    }
    REQUIRE(trace.findings().size() == 1);
    CHECK(trace.findings()[0].misuse == HeapMisuse::double_free);
  }
}

TEST_CASE("findings are bounded") {
  Trace trace;
  for (std::uint32_t i = 0; i < limits::heap_findings + 10; ++i) {
    trace.know(1000 + i, {1000 + i});
    trace.stack = 1000 + i;
    trace.free(0x1000);
  }
  CHECK(trace.findings().size() == limits::heap_findings);
  CHECK(trace.heap().findings().left_out() == 10);
}

TEST_CASE("fork copies a heap") {
  Trace trace;
  trace.stack = 1;
  trace.alloc(0x1000, 8);
  trace.alloc(0x2000, 16);
  trace.start({20, 20}, event::TaskOrigin::fork, 7);
  trace.free(0x1000);
  trace.task = {20, 20};
  trace.free(0x1000);
  trace.free(0x2000);
  trace.free(0x2000);
  CHECK(trace.findings(0).empty());
  CHECK(trace.heap(0).total().live_bytes == 16);
  CHECK(trace.heap(1).inherited_bytes() == 24);
  CHECK(trace.heap(1).total().releases == 2);
  CHECK(trace.heap(1).total().allocations == 0);
  CHECK(trace.heap(1).total().live_bytes == 0);
  CHECK(trace.heap(1).peak_bytes() == 24);
  REQUIRE(trace.findings(1).size() == 1);
  CHECK(trace.findings(1)[0].misuse == HeapMisuse::double_free);
}

TEST_CASE("vfork's child uses its parent's heap until it executes a program") {
  Trace trace;
  trace.alloc(0x1000, 8);
  trace.start({20, 20}, event::TaskOrigin::vfork, 7);
  trace.task = {20, 20};
  trace.free(0x1000);
  CHECK(trace.heap(0).total().live_bytes == 0);
  trace.event({20, 20}, event::Exec{20});
  trace.event({20, 20}, event::TaskName{"ls", "/bin/ls"});
  trace.alloc(0x1000, 4);
  trace.event({20, 20}, event::TaskEnded{0});
  trace.task = {7, 7};
  trace.alloc(0x1000, 2);
  CHECK(trace.heap(0).total().live_bytes == 2);
  CHECK(trace.heap(0).how_ended() == HeapEnd::running);
  CHECK(trace.heap(1).total().live_bytes == 4);  // At its end.
  CHECK(trace.heap(1).comm() == "ls");
  CHECK(trace.heap(1).how_ended() == HeapEnd::exited);
  CHECK(trace.table.heaps().size() == 2);
}

TEST_CASE("exec begins a heap anew, and a process id may come again") {
  Trace trace;
  trace.alloc(0x1000, 8);
  trace.event({7, 7}, event::Exec{7});
  trace.free(0x1000);
  CHECK(trace.heap(0).how_ended() == HeapEnd::executed);
  CHECK(trace.findings(0).empty());
  CHECK(trace.findings(1).size() == 1);
  trace.event({7, 7}, event::TaskEnded{0});
  trace.start({7, 7}, event::TaskOrigin::fork, 1);
  trace.alloc(0x1000, 1);
  CHECK(trace.table.heaps().size() == 3);
}

TEST_CASE("a process that is let go task by task keeps its heap until the last is") {
  Trace trace(event::TaskOrigin::attached);
  trace.start({7, 8}, event::TaskOrigin::attached);
  trace.alloc(0x1000, 8);
  trace.event({7, 7}, event::TaskDetached{});
  trace.task = {7, 8};
  trace.alloc(0x2000, 8);
  trace.event({7, 8}, event::TaskDetached{});
  REQUIRE(trace.table.heaps().size() == 1);
  CHECK(trace.heap().total().live_bytes == 16);
  CHECK(trace.heap().how_ended() == HeapEnd::detached);
}

TEST_CASE("of more processes than there is room for, the smallest are dropped") {
  Trace trace;
  trace.alloc(0x1000, 1 << 20);
  for (pid_t pid = 100; pid < 100 + static_cast<pid_t>(limits::heap_processes); ++pid) {
    trace.task = {pid, pid};
    trace.start(trace.task);
    trace.alloc(0x1000, static_cast<std::uint64_t>(pid));
    trace.event(trace.task, event::TaskEnded{0});
  }
  CHECK(trace.table.heaps().size() == limits::heap_processes);
  CHECK(trace.table.heaps_left_out() == 1);
  CHECK(trace.heap(0).pid() == 7);
  CHECK(trace.heap(1).pid() == 101);
}

TEST_CASE("functions that are one and the same in their allocator mismatch nothing") {
  Trace trace;
  trace.call(event::HeapOperation::allocate, allocator::Function::new_, 0x1000, 0, 64);
  trace.kind_unknown = true;  // tcmalloc's free is its operator delete.
  trace.free(0x1000);
  trace.call(event::HeapOperation::allocate, allocator::Function::malloc, 0x2000, 0, 64);
  trace.kind_unknown = false;
  trace.call(event::HeapOperation::release, allocator::Function::delete_, 0x2000, 0, 0);
  CHECK(trace.findings().empty());
}
