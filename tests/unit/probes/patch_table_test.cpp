#include "sonde/probes/patch_table.hpp"

#include <doctest/doctest.h>

#include "sonde/probes/probe_set.hpp"

using namespace sonde;
using namespace sonde::probes;

TEST_CASE("rows are claimed in order, and used again when they are released") {
  auto table = PatchTable::make();
  REQUIRE(table);
  CHECK(table->rows().empty());
  Patch* first = table->claim({0x1000}, 0x55);
  Patch* second = table->claim({0x2000}, 0x41);
  REQUIRE(first != nullptr);
  REQUIRE(second != nullptr);
  CHECK(table->rows().size() == 2);
  CHECK(first->pid == 0);
  first->pid = 42;
  first->slot_size = 7;
  table->release(first);
  CHECK(first->pid == 0);
  Patch* third = table->claim({0x3000}, 0xc3);
  CHECK(third == first);
  CHECK(third->address == 0x3000);
  CHECK(third->original == 0xc3);
  CHECK(third->slot_size == 0);
  CHECK(table->rows().size() == 2);
}

TEST_CASE("handlers have rows of their own") {
  auto table = PatchTable::make();
  REQUIRE(table);
  std::array<std::byte, handler_code_bytes> before{};
  before.back() = std::byte{7};
  HandlerRow* first = table->claim_handler({0x1000}, true, before);
  REQUIRE(first != nullptr);
  CHECK(first->pid == 0);
  CHECK(first->ignored);
  CHECK(first->original == before);
  CHECK(table->rows().empty());
  CHECK(table->handlers().size() == 1);
  table->release(first);
  CHECK(table->claim_handler({0x2000}, false, before) == first);
  CHECK_FALSE(first->ignored);
}

TEST_CASE("a pc in a slot belongs to the instruction until that has run, and then behind it") {
  auto table = PatchTable::make();
  REQUIRE(table);
  Patch* patch = table->claim({0x1000}, 0x41);
  patch->size = 2;
  patch->slot = 0x5000;
  patch->slot_size = 7;
  patch->executed_at = 2;
  CHECK_FALSE(outside_slot(*patch, {0x4fff}));
  CHECK(outside_slot(*patch, {0x5000}) == Address{0x1000});
  CHECK(outside_slot(*patch, {0x5002}) == Address{0x1002});
  CHECK_FALSE(outside_slot(*patch, {0x5007}));
  // A branch leads away by itself: within its slot it has not been taken.
  patch->executed_at = 0;
  CHECK(outside_slot(*patch, {0x5000}) == Address{0x1000});
  CHECK(outside_slot(*patch, {0x5003}) == Address{0x1000});
  // Without a slot there is nothing to be in.
  patch->slot_size = 0;
  CHECK_FALSE(outside_slot(*patch, {0x5000}));
}
