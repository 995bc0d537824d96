// Tables: their order and index, and what view() refuses.
#include <cstring>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "unit/unwind/cfi_bytes.hpp"

using namespace sonde::unwind;
using namespace sonde::unwind::test;

namespace {

int offset_at(const TableView& view, std::uint64_t address) {
  const Rule* rule = view.find(address);
  return rule != nullptr ? rule->cfa_offset : -1;
}

CfiTable built(std::initializer_list<const SectionBuilder*> builders) {
  std::vector<CfiSection> sections;
  for (const auto* builder : builders) sections.push_back(builder->section());
  auto table = build(sections);
  REQUIRE(table);
  return std::move(*table);
}

}  // namespace

TEST_CASE("functions in any order, with gaps and without") {
  SectionBuilder builder;
  const auto cie = builder.cie("", {}, at_entry());
  builder.fde(cie, 0x3000, 0x100, {0x0e, 24});
  builder.fde(cie, 0x1000, 0x100, {0x0e, 16});
  builder.fde(cie, 0x3100, 0x100, {0x0e, 32});
  const auto table = built({&builder});
  const TableView& view = table.table.view();
  CHECK(offset_at(view, 0x10ff) == 16);
  CHECK(offset_at(view, 0x1100) == -1);
  CHECK(offset_at(view, 0x2fff) == -1);
  CHECK(offset_at(view, 0x3000) == 24);
  CHECK(offset_at(view, 0x30ff) == 24);
  CHECK(offset_at(view, 0x3100) == 32);
  CHECK(offset_at(view, 0x3200) == -1);
  CHECK(view.row_count() == 4);
}

TEST_CASE("padding behind a function that has given its stack back goes on with its rule") {
  struct Case {
    ByteBuilder first;
    std::uint64_t gap;
    int in_gap;
  };
  const Case cases[] = {
      {{0x0e, 16, 0x44, 0x0e, 8}, 15, 8},
      {{0x0e, 16, 0x44, 0x0e, 8}, 16, -1},  // May be a function.
      {{0x0e, 16}, 15, -1},                 // Ends with a call that does not return.
      {{0x0e, 16, 0x44, 0x0e, 8, 0x86, 2}, 15, -1},
  };
  for (const auto& c : cases) {
    SectionBuilder builder;
    const auto cie = builder.cie("", {}, at_entry());
    builder.fde(cie, 0x1000, 0x11, c.first);
    builder.fde(cie, 0x1011 + c.gap, 0x10, {0x0e, 24});
    const auto table = built({&builder});
    CHECK(offset_at(table.table.view(), 0x1011) == c.in_gap);
    CHECK(offset_at(table.table.view(), 0x1010 + c.gap) == c.in_gap);
    CHECK(offset_at(table.table.view(), 0x1011 + c.gap) == 24);
  }
}

TEST_CASE("neighbours that say the same share a row") {
  SectionBuilder builder;
  const auto cie = builder.cie("", {}, at_entry());
  for (std::uint64_t i = 0; i < 50; ++i) builder.fde(cie, 0x1000 + i * 0x10, 0x10, {});
  const auto table = built({&builder});
  CHECK(table.table.view().row_count() == 1);
  CHECK(offset_at(table.table.view(), 0x131f) == 8);
}

TEST_CASE("every address of a long function finds its own row") {
  SectionBuilder builder;
  ByteBuilder program;
  for (int i = 1; i <= 2000; ++i)
    program.u8(0x40 | (i % 7 + 1)).u8(0x0e).uleb(static_cast<std::uint64_t>(8 + 8 * i));
  builder.fde(builder.cie("", {}, at_entry()), 0x1000, 0x4000, program);
  const auto table = built({&builder});
  const TableView& view = table.table.view();
  std::uint64_t address = 0x1000;
  for (int i = 1; i <= 2000; ++i) {
    const auto step = static_cast<std::uint64_t>(i % 7 + 1);
    for (std::uint64_t k = 0; k < step; ++k) CHECK(offset_at(view, address + k) == 8 * i);
    address += step;
  }
}

TEST_CASE("sparse code has a small table, and is found") {
  SectionBuilder builder;
  const auto cie = builder.cie("", {}, at_entry());
  for (std::uint64_t i = 0; i < 40; ++i)
    builder.fde(cie, 0x1000 + (i << 26), 0x10, ByteBuilder({0x0e}).uleb(8 * i));
  builder.fde(cie, std::uint64_t{1} << 33, 0x10, {});  // Beyond 4 GiB.
  const auto table = built({&builder});
  for (std::uint64_t i = 0; i < 40; ++i) {
    CHECK(offset_at(table.table.view(), 0x100f + (i << 26)) == static_cast<int>(8 * i));
    CHECK(offset_at(table.table.view(), 0x1010 + (i << 26)) == -1);
  }
  CHECK(table.losses.entries == 1);
  CHECK(table.table.bytes().size() < 16 << 10);
}

TEST_CASE("the better section's entries hold where both have some") {
  SectionBuilder better;
  better.fde(better.cie("", {}, at_entry()), 0x2000, 0x100, {0x0e, 16});
  SectionBuilder other;
  other.format = CfiSection::Format::debug_frame;
  const auto cie = other.cie("", {}, at_entry());
  other.fde(cie, 0x1f80, 0x100, {0x0e, 24});  // Reaches into it.
  other.fde(cie, 0x2080, 0x100,
            {0x0e, 32, 0x60, 0x0e, 40, 0x70, 0x0e, 48});  // Begins in it; row changes at 0x20a0, 0x20d0.
  other.fde(cie, 0x2010, 0x10, {0x0e, 56});               // Inside of it.
  other.fde(cie, 0x3000, 0x10, {0x0e, 64});
  for (const bool swapped : {false, true}) {
    CAPTURE(swapped);
    const auto table = swapped ? built({&other, &better}) : built({&better, &other});
    const TableView& view = table.table.view();
    CHECK(offset_at(view, 0x1f80) == 24);
    CHECK(offset_at(view, 0x1fff) == 24);
    CHECK(offset_at(view, 0x2000) == (swapped ? 24 : 16));
    CHECK(offset_at(view, 0x207f) == (swapped ? 24 : 16));
    CHECK(offset_at(view, 0x20b0) == (swapped ? 40 : 16));
    CHECK(offset_at(view, 0x2100) == 48);
    CHECK(offset_at(view, 0x217f) == 48);
    CHECK(offset_at(view, 0x3000) == 64);
  }
}

TEST_CASE("a table works wherever its bytes are copied to") {
  const auto builder = one_function({0x44, 0x0f, 2, 0x77, 8, 0x10, 3, 2, 0x77, 16});
  const auto table = built({&builder});
  std::vector<std::uint64_t> copy(table.table.bytes().size() / 8);
  std::memcpy(copy.data(), table.table.bytes().data(), table.table.bytes().size());
  const auto view = TableView::over(std::as_bytes(std::span(copy)));
  REQUIRE(view);
  CHECK(offset_at(*view, 0x1003) == 8);
  const Rule* rule = view->find(0x1004);
  REQUIRE(rule);
  REQUIRE(view->recoveries(*rule).size() == 2);
  for (const Recovery& recovery : view->recoveries(*rule)) CHECK(view->expression(recovery).size() == 2);
}

TEST_CASE("a view of wrong bytes is refused, whichever byte it is, or is safe to ask") {
  const auto builder = one_function({0x44, 0x0f, 2, 0x77, 8, 0x10, 3, 2, 0x77, 16, 0x44, 0x09, 3, 12});
  const auto table = built({&builder});
  std::vector<std::uint64_t> copy(table.table.bytes().size() / 8);
  const auto bytes = std::as_writable_bytes(std::span(copy));
  std::size_t refused = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::memcpy(copy.data(), table.table.bytes().data(), bytes.size());
    bytes[i] = std::byte{0xff};
    const auto view = TableView::over(bytes);
    if (!view) {
      CHECK(view.error().code == sonde::ErrorCode::invalid);
      ++refused;
      continue;
    }
    for (std::uint64_t address = 0xff0; address < 0x1110; ++address) {
      const Rule* rule = view->find(address);
      if (rule == nullptr) continue;
      for (const Recovery& recovery : view->recoveries(*rule)) {
        if (recovery.how >= How::saved_at_expression)
          CHECK(view->expression(recovery).size() <= bytes.size());
      }
    }
  }
  CHECK(refused > 40);
  std::memcpy(copy.data(), table.table.bytes().data(), bytes.size());
  CHECK(TableView::over(bytes));
  CHECK_FALSE(TableView::over(bytes.first(bytes.size() - 8)));
  CHECK_FALSE(TableView::over(bytes.subspan(4)));
  CHECK_FALSE(TableView::over({}));
}

TEST_CASE("one rule too many is a loss, not a wrong rule") {
  // Each function has a rule of its own: a register at an offset that no other has.
  SectionBuilder builder;
  const auto cie = builder.cie("", {}, at_entry());
  const std::uint64_t functions = sonde::limits::cfi_rules + 100;
  for (std::uint64_t i = 0; i < functions; ++i)
    builder.fde(cie, 0x1000 + i * 16, 16, ByteBuilder({0x0e}).uleb(16 + 8 * i));
  const auto table = built({&builder});
  CHECK(table.losses.rules == 101);  // Rule 0 is none.
  CHECK(offset_at(table.table.view(), 0x1000 + 16 * 1000) == 16 + 8 * 1000);
  CHECK(offset_at(table.table.view(), 0x1000 + 16 * (functions - 1)) == -1);
}
