#include "dwarf/verify/translate.hpp"

#include <doctest/doctest.h>

#include "tests/unit/dwarf/sections_builder.hpp"

namespace {

using namespace sonde;
using test::SectionBuilder;

constexpr dwarf::At gnu_locviews{0x2137};
constexpr dwarf::At gnu_dwo_name{0x2130};
constexpr dwarf::Form gnu_ref_alt{0x1f20};

struct Sections {
  SectionBuilder info;
  SectionBuilder abbrev;
  dwarf::Sections sections() const {
    dwarf::Sections made;
    made.info = info.bytes();
    made.abbrev = abbrev.bytes();
    return made;
  }
};

Sections sections_of(unsigned version, std::initializer_list<std::pair<dwarf::At, dwarf::Form>> attributes) {
  Sections made;
  made.info = test::unit(version, SectionBuilder().uleb(1));
  made.abbrev.abbreviation(1, dwarf::Tag::compile_unit, false, attributes).u8(0);
  return made;
}

Result<std::vector<std::byte>> translate(const Sections& made) {
  return verify::translate_abbreviations(made.sections());
}

}  // namespace

TEST_CASE("forms that libdwarf++ refuses become others of the same size") {
  const auto made = sections_of(4, {{gnu_locviews, dwarf::Form::sec_offset},
                                    {dwarf::At::ranges, dwarf::Form::sec_offset},
                                    {dwarf::At::abstract_origin, gnu_ref_alt},
                                    {dwarf::At::name, dwarf::Form::strp}});
  const auto expected = SectionBuilder()
                            .raw({1, 0x11, 0})
                            .raw({0xb7, 0x42, 0x06})
                            .raw({0x55, 0x17})
                            .raw({0x31, 0x86, 0x00})
                            .raw({0x03, 0x0e})
                            .raw({0, 0, 0});
  const auto translated = translate(made);
  REQUIRE(translated);
  CHECK(std::ranges::equal(*translated, expected.bytes()));
}

TEST_CASE("references of DWARF 2 have the size of an address") {
  const auto old = translate(sections_of(2, {{dwarf::At::abstract_origin, dwarf::Form::ref_addr}}));
  REQUIRE(old);
  CHECK((*old)[4] == std::byte{0x07});
  const auto newer = translate(sections_of(3, {{dwarf::At::abstract_origin, dwarf::Form::ref_addr}}));
  REQUIRE(newer);
  CHECK((*newer)[4] == std::byte{0x10});
}

TEST_CASE("what libdwarf++ cannot read is told in words") {
  const auto five = translate(sections_of(5, {{dwarf::At::name, dwarf::Form::strp}}));
  REQUIRE_FALSE(five);
  CHECK(five.error().code == ErrorCode::unsupported);
  CHECK(five.error().context == "libdwarf++ knows DWARF 2 to 4; this is DWARF 5");
  const auto split = translate(sections_of(4, {{gnu_dwo_name, dwarf::Form::strp}}));
  REQUIRE_FALSE(split);
  CHECK(split.error().code == ErrorCode::unsupported);
  const auto wide = translate(sections_of(4, {{dwarf::At::abstract_origin, dwarf::Form::ref8}}));
  REQUIRE_FALSE(wide);
  CHECK(wide.error().code == ErrorCode::unsupported);
}

TEST_CASE("units that do not fit their section are no units") {
  Sections made = sections_of(4, {{dwarf::At::name, dwarf::Form::strp}});
  made.info = SectionBuilder().u32(1000).u16(4).u32(0).u8(8);
  CHECK_FALSE(translate(made));
  made.info = SectionBuilder().u32(0xffffffff).u64(~std::uint64_t{0}).u16(4);
  CHECK_FALSE(translate(made));
  made.info = SectionBuilder().u32(0).u32(0);
  CHECK_FALSE(translate(made));
}

TEST_CASE("tables that are cut off, or nowhere, stay as they are") {
  Sections made = sections_of(4, {});
  for (const auto& bytes :
       {std::vector<int>{}, {1}, {1, 0x11}, {1, 0x11, 0, 0x31}, {1, 0x11, 0, 0x31, 0x80}}) {
    made.abbrev = SectionBuilder();
    for (const int byte : bytes) made.abbrev.u8(static_cast<std::uint64_t>(byte));
    const auto translated = translate(made);
    REQUIRE(translated);
    CHECK(std::ranges::equal(*translated, made.abbrev.bytes()));
  }
}
