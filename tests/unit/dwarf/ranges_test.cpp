#include "dwarf/info/ranges.hpp"

#include <doctest/doctest.h>

#include "unit/dwarf/sections_builder.hpp"

namespace sonde::dwarf {

namespace {

using Pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

constexpr Value no_value;

Pairs read(const File& file, const Unit& unit, Value low_pc, Value high_pc, Value ranges,
           std::uint64_t budget = 1000) {
  std::vector<CodeRange> found;
  read_ranges(file, unit, low_pc, high_pc, ranges, budget, found);
  Pairs pairs;
  for (const CodeRange& range : found) pairs.emplace_back(range.low, range.high);
  return pairs;
}

Unit unit_of_version(std::uint16_t version) {
  Unit unit;
  unit.encoding = {version, 8, 4};
  unit.low_pc = 0x1000;
  return unit;
}

}  // namespace

TEST_CASE("low_pc with a length or a last address, in place or by index") {
  test::SectionBuilder addresses;
  addresses.u64(0x99).u64(0x2000).u64(0x2040);
  File file;
  file.sections.addr = addresses.bytes();
  Unit unit = unit_of_version(5);
  unit.addr_base = 8;
  const Value low{Form::addr, 0x2000};
  CHECK(read(file, unit, low, {Form::data4, 0x40}, no_value) == Pairs{{0x2000, 0x2040}});
  CHECK(read(file, unit, low, {Form::addr, 0x2040}, no_value) == Pairs{{0x2000, 0x2040}});
  CHECK(read(file, unit, {Form::addrx, 0}, {Form::udata, 0x40}, no_value) == Pairs{{0x2000, 0x2040}});
  CHECK(read(file, unit, {Form::addrx1, 0}, {Form::addrx1, 1}, no_value) == Pairs{{0x2000, 0x2040}});
  CHECK(read(file, unit, {Form::addrx, 2}, {Form::data4, 0x40}, no_value).empty());
  CHECK(read(file, unit, {Form::addrx, ~std::uint64_t{0}}, {Form::data4, 0x40}, no_value).empty());
  CHECK(read(file, unit, low, no_value, no_value).empty());
  CHECK(read(file, unit, {Form::addr, 0}, {Form::data4, 0x40}, no_value).empty());
  CHECK(read(file, unit, {Form::addr, ~std::uint64_t{0}}, {Form::data4, 0x40}, no_value).empty());
}

TEST_CASE(".debug_ranges: relative to the unit, and to bases that the list sets") {
  test::SectionBuilder list;
  list.u64(0x77).u64(0x10).u64(0x20).u64(0x30).u64(
      0x30);  // One number before the list, an empty range in it.
  list.u64(~std::uint64_t{0}).u64(0x5000).u64(0x1).u64(0x2);
  list.u64(~std::uint64_t{0}).u64(0).u64(0x6000).u64(0x6010).u64(1).u64(1).u64(0).u64(0).u64(0x70).u64(0x80);
  File file;
  file.sections.ranges = list.bytes();
  const Pairs expected{{0x1010, 0x1020}, {0x5001, 0x5002}, {0x6000, 0x6010}};
  Unit unit = unit_of_version(4);
  CHECK(read(file, unit, no_value, no_value, {Form::sec_offset, 8}) == expected);
  CHECK(read(file, unit, {Form::addr, 0}, no_value, {Form::data4, 8}) == expected);
  unit.ranges_base = 8;
  CHECK(read(file, unit, no_value, no_value, {Form::sec_offset, 0}) == expected);
  CHECK(read(file, unit, no_value, no_value, {Form::sec_offset, 0}, 1) == Pairs{{0x1010, 0x1020}});
  CHECK(read(file, unit, no_value, no_value, {Form::sec_offset, 1 << 20}).empty());
}

TEST_CASE(".debug_rnglists: every kind of entry, directly and by index") {
  test::SectionBuilder addresses;
  addresses.u64(0x8000).u64(0x8100).u64(0);
  test::SectionBuilder list;
  list.u32(0).u32(8);  // The offsets of two lists; the second is the one.
  list.u8(4).uleb(0x10).uleb(0x20);
  list.u8(1).uleb(0).u8(4).uleb(0x1).uleb(0x200);
  list.u8(2).uleb(0).uleb(1);
  list.u8(3).uleb(1).uleb(0x10);
  list.u8(5).u64(0x9000).u8(4).uleb(0).uleb(0x10);
  list.u8(6).u64(0xa000).u64(0xa010);
  list.u8(7).u64(0xb000).uleb(0x10);
  list.u8(1).uleb(2).u8(4).uleb(0x10).uleb(0x20);  // Of code that was left out.
  list.u8(7).u64(0).uleb(0x10);
  list.u8(0);
  list.u8(7).u64(0xc000).uleb(0x10);
  File file;
  file.sections.addr = addresses.bytes();
  file.sections.rnglists = list.bytes();
  const Pairs expected{{0x1010, 0x1020}, {0x8001, 0x8200}, {0x8000, 0x8100}, {0x8100, 0x8110},
                       {0x9000, 0x9010}, {0xa000, 0xa010}, {0xb000, 0xb010}};
  const Unit unit = unit_of_version(5);
  CHECK(read(file, unit, no_value, no_value, {Form::rnglistx, 1}) == expected);
  CHECK(read(file, unit, no_value, no_value, {Form::sec_offset, 8}) == expected);
  CHECK(read(file, unit, no_value, no_value, {Form::rnglistx, 1 << 20}).empty());
}

TEST_CASE("a list that is cut short, or has an unknown entry, gives what comes before") {
  test::SectionBuilder list;
  list.u8(7).u64(0xb000).uleb(0x10).u8(0x30).u8(7).u64(0xb100).uleb(0x10);
  File file;
  file.sections.rnglists = list.bytes();
  CHECK(read(file, unit_of_version(5), no_value, no_value, {Form::sec_offset, 0}) == Pairs{{0xb000, 0xb010}});
  file.sections.rnglists = list.bytes().first(9);
  CHECK(read(file, unit_of_version(5), no_value, no_value, {Form::sec_offset, 0}).empty());
}

}  // namespace sonde::dwarf
