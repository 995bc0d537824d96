#include "sonde/probes/probe_set.hpp"

#include <cstdint>
#include <span>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"

using namespace sonde;
using namespace sonde::probes;

namespace {

// Code that nobody runs, with room for slots behind it: push r12; push rbp; ret; zeros.
struct alignas(64) Memory {
  std::uint8_t code[4] = {0x41, 0x54, 0x55, 0xc3};
  std::uint8_t room[28] = {};

  Bytes bytes() const { return std::as_bytes(std::span(code)); }
  Address begin() const { return {reinterpret_cast<std::uintptr_t>(code)}; }
  SlotArea area() const { return {begin() + 4, begin() + 32}; }
  bool is_as_it_was() const {
    const Memory fresh;
    return std::equal(std::begin(code), std::end(code), fresh.code) &&
           std::equal(std::begin(room), std::end(room), fresh.room);
  }
};

bool no_more() { return false; }

// What each test needs. The process is this one.
struct Bench {
  Bench() {
    REQUIRE(table);
    REQUIRE(code);
  }
  // At an instruction of the memory.
  bool insert(ProbeSet& set, std::uint64_t offset, Tag tag) {
    return set.insert(*code, memory.begin() + offset, memory.bytes().subspan(offset), tag, areas, no_more);
  }

  Result<PatchTable> table = PatchTable::make();
  Result<arch::Code> code = arch::Code::make();
  Memory memory;
  std::vector<SlotArea> areas{memory.area()};
};

}  // namespace

TEST_CASE("breakpoints are put in, found, and taken out without a trace") {
  Bench bench;
  auto& [table, code, memory, areas] = bench;
  ProbeSet set(::getpid(), *table);
  CHECK(bench.insert(set, 0, 7));
  CHECK_FALSE(bench.insert(set, 0, 7));
  CHECK(bench.insert(set, 3, 8));
  CHECK(memory.code[0] == 0xcc);
  CHECK(memory.code[1] == 0x54);
  CHECK(memory.code[3] == 0xcc);
  const Probe* const probe = set.at(memory.begin());
  REQUIRE(probe != nullptr);
  CHECK(probe->tag == 7);
  CHECK(set.outside_slots(probe->resume) == memory.begin());
  CHECK(set.outside_slots(probe->resume + 2) == memory.begin() + 2);
  CHECK(table->rows().size() == 2);
  set.restore();
  CHECK(set.empty());
  CHECK(memory.is_as_it_was());
}

TEST_CASE("what is not as the file has it, and what has no room, is left alone") {
  Bench bench;
  auto& [table, code, memory, areas] = bench;
  ProbeSet set(::getpid(), *table);
  const Memory other{{0x41, 0x55, 0x55, 0xc3}};
  CHECK_FALSE(set.insert(*code, memory.begin(), other.bytes(), 1, areas, no_more));
  std::vector<SlotArea> narrow{{areas[0].begin, areas[0].begin + 3}};
  CHECK_FALSE(set.insert(*code, memory.begin(), memory.bytes(), 1, narrow, no_more));
  CHECK(memory.is_as_it_was());
}

TEST_CASE("a child whose breakpoints find no room in the table gets its code back") {
  Bench bench;
  auto& [table, code, memory, areas] = bench;
  ProbeSet set(::getpid(), *table);
  REQUIRE(bench.insert(set, 0, 1));
  REQUIRE(set.copy_for(::getpid()) != nullptr);
  while (table->claim({1}, 0) != nullptr) {
  }
  CHECK(set.copy_for(::getpid()) == nullptr);
  set.clean(::getpid());
  CHECK(memory.is_as_it_was());
}

TEST_CASE("what was in the memory of a process that is gone can be found in a copy of it, and taken over") {
  Bench bench;
  auto& [table, code, memory, areas] = bench;
  ProbeSet gone(::getpid(), *table);
  REQUIRE(bench.insert(gone, 0, 1));
  REQUIRE(bench.insert(gone, 3, 2));
  gone.hand_over(0);
  for (const Patch& row : table->rows()) CHECK(row.pid == 0);
  CHECK(gone.count_in(::getpid()) == 2);
  const auto found = gone.copy_for(::getpid());
  REQUIRE(found != nullptr);
  found->restore();
  CHECK(memory.is_as_it_was());
  CHECK(gone.count_in(::getpid()) == 0);
}

TEST_CASE("room is looked for when there is none left") {
  Bench bench;
  auto& [table, code, memory, areas] = bench;
  {
    ProbeSet set(::getpid(), *table);
    const SlotArea all = memory.area();
    areas.clear();
    int asked = 0;
    const auto more = [&] {
      if (asked == 3) return false;
      // Too narrow, nothing at all, and then enough.
      if (asked == 0) areas.push_back({all.begin, all.begin + 3});
      if (asked == 2) areas.push_back({all.begin + 4, all.end});
      ++asked;
      return true;
    };
    CHECK(set.insert(*code, memory.begin(), memory.bytes(), 1, areas, more));
    CHECK(asked == 3);
    REQUIRE(set.at(memory.begin()) != nullptr);
    // Behind the mark.
    CHECK(set.at(memory.begin())->resume == all.begin + 5);
    CHECK(Text(::getpid()).byte_at(all.begin + 4) == slot_mark);
    std::vector<SlotArea> none;
    CHECK_FALSE(set.insert(*code, memory.begin() + 2, memory.bytes().subspan(2), 1, none, more));
    set.restore();
  }
  CHECK(memory.is_as_it_was());
}
