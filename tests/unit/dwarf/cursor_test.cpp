#include "dwarf/info/cursor.hpp"

#include <doctest/doctest.h>

#include "unit/dwarf/sections_builder.hpp"

namespace sonde::dwarf {

TEST_CASE("a cursor reads numbers and texts, and stays at the end of what it may read") {
  test::SectionBuilder section;
  section.u8(1).u16(0x302).u32(0x7060504).u64(0xf0e0d0c0b0a09080).text("name").sized(0x654321, 3);
  Cursor cursor(section.bytes(), 0);
  CHECK(cursor.u8() == 1);
  CHECK(cursor.u16() == 0x302);
  CHECK(cursor.u32() == 0x7060504);
  CHECK(cursor.u64() == 0xf0e0d0c0b0a09080);
  CHECK(cursor.text() == "name");
  CHECK(cursor.sized(3) == 0x654321);
  CHECK(cursor.at_end());
  CHECK(cursor.ok());
  CHECK(cursor.u8() == 0);
  CHECK_FALSE(cursor.ok());
}

TEST_CASE("what does not fit reads as nothing and fails") {
  const test::SectionBuilder section = test::SectionBuilder().raw({1, 2, 3});
  CHECK_FALSE(Cursor(section.bytes(), 4).ok());
  CHECK_FALSE(Cursor(section.bytes(), 2, 1).ok());
  Cursor number(section.bytes(), 0);
  CHECK(number.u32() == 0);
  CHECK(number.at_end());
  CHECK_FALSE(number.ok());
  Cursor text(section.bytes(), 0);
  CHECK(text.text().empty());
  CHECK_FALSE(text.ok());
  Cursor skipping(section.bytes(), 1);
  skipping.skip(~std::uint64_t{0});
  CHECK_FALSE(skipping.ok());
  Cursor backward(section.bytes(), 2);
  backward.advance_to(1);
  CHECK_FALSE(backward.ok());
  Cursor empty;
  CHECK(empty.uleb() == 0);
  CHECK_FALSE(empty.ok());
}

TEST_CASE("LEB128 numbers: the examples of DWARF 5 figures C.1 and C.2, padding, and what has no end") {
  const auto unsigned_number = [](std::initializer_list<int> bytes) {
    const test::SectionBuilder section = test::SectionBuilder().raw(bytes);
    return Cursor(section.bytes(), 0).uleb();
  };
  const auto signed_number = [](std::initializer_list<int> bytes) {
    const test::SectionBuilder section = test::SectionBuilder().raw(bytes);
    return Cursor(section.bytes(), 0).sleb();
  };
  CHECK(unsigned_number({2}) == 2);
  CHECK(unsigned_number({0x80, 1}) == 128);
  CHECK(unsigned_number({57 + 0x80, 100}) == 12857);
  CHECK(unsigned_number({0x85, 0x80, 0x80, 0x80, 0}) == 5);
  CHECK(unsigned_number({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}) == ~std::uint64_t{0});
  CHECK(signed_number({2}) == 2);
  CHECK(signed_number({0x7e}) == -2);
  CHECK(signed_number({127 + 0x80, 0}) == 127);
  CHECK(signed_number({1 + 0x80, 0x7f}) == -127);
  CHECK(signed_number({0 + 0x80, 0x7f}) == -128);
  CHECK(signed_number({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}) == -1);
  const test::SectionBuilder endless = test::SectionBuilder().raw({0x80, 0x80});
  Cursor cursor(endless.bytes(), 0);
  CHECK(cursor.uleb() == 0);
  CHECK_FALSE(cursor.ok());
}

}  // namespace sonde::dwarf
