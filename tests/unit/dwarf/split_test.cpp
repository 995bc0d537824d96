#include "dwarf/info/split.hpp"

#include <doctest/doctest.h>

#include "unit/dwarf/sections_builder.hpp"

namespace sonde::dwarf {

namespace {

// A package index of 2 units in 4 slots, with columns for units, abbreviations and section 8.
test::SectionBuilder index(unsigned version) {
  test::SectionBuilder section;
  version == 5 ? section.u16(5).u16(0) : section.u32(version);
  section.u32(3).u32(2).u32(4);
  section.u64(0).u64(0x11).u64(0x21).u64(0);  // Both identities hash to slot 1; the second went on to slot 2.
  section.u32(0).u32(1).u32(2).u32(0);
  section.u32(1).u32(3).u32(8);
  section.u32(0).u32(0).u32(0).u32(10).u32(4).u32(2);
  section.u32(10).u32(4).u32(2).u32(20).u32(99).u32(3);
  return section;
}

}  // namespace

TEST_CASE("a package's index gives each unit its part of the sections") {
  const std::vector<std::byte> info(40), abbrev(9), lists(5);
  const test::SectionBuilder version_5 = index(5), version_2 = index(2);
  Sections package;
  package.info = info;
  package.abbrev = abbrev;
  package.rnglists = lists;
  package.cu_index = version_5.bytes();
  const auto first = sections_of_unit(package, 0x11);
  REQUIRE(first);
  CHECK(first->info.data() == info.data());
  CHECK(first->info.size() == 10);
  const auto second = sections_of_unit(package, 0x21);
  REQUIRE(second);
  CHECK(second->info.data() == info.data() + 10);
  CHECK(second->info.size() == 20);
  CHECK(second->abbrev.size() == 5);  // Cut to what is there.
  CHECK(second->rnglists.size() == 3);
  CHECK_FALSE(sections_of_unit(package, 0x31));
  CHECK_FALSE(sections_of_unit(package, 0x10));
  package.cu_index = version_2.bytes();
  const auto of_version_2 = sections_of_unit(package, 0x21);
  REQUIRE(of_version_2);
  CHECK(of_version_2->rnglists.empty());  // Section 8 is another there.
  CHECK(of_version_2->info.size() == 20);
}

TEST_CASE("an index that is cut, or full of slots without an end, has no unit") {
  const test::SectionBuilder whole = index(5);
  Sections package;
  for (std::size_t size = 0; size < 16 + 4 * 8 + 12; ++size) {
    package.cu_index = whole.bytes().first(size);
    CHECK_FALSE(sections_of_unit(package, 0x21));
  }
  test::SectionBuilder full;
  full.u32(2).u32(1).u32(4).u32(4).u64(1).u64(2).u64(3).u64(4).u32(1).u32(2).u32(3).u32(4);
  package.cu_index = full.bytes();
  CHECK_FALSE(sections_of_unit(package, 77));
  test::SectionBuilder odd;
  odd.u32(2).u32(1).u32(4).u32(3);
  package.cu_index = odd.bytes();
  CHECK_FALSE(sections_of_unit(package, 77));
}

}  // namespace sonde::dwarf
