#include "sonde/verify/second_reader.hpp"

#include <array>

#include <doctest/doctest.h>

#include "tests/unit/dwarf/sections_builder.hpp"

namespace {

using namespace sonde;
using dwarf::At;
using dwarf::Form;
using dwarf::Tag;
using test::SectionBuilder;

// A function from 0x1000 to 0x1100 with another inlined from 0x1010 to 0x1020, without lines.
struct Program {
  SectionBuilder info;
  SectionBuilder abbrev;

  explicit Program(unsigned name_form = static_cast<unsigned>(Form::string)) {
    abbrev.abbreviation(1, Tag::compile_unit, true, {{At::low_pc, Form::addr}, {At::high_pc, Form::data8}});
    abbrev.abbreviation(2, Tag::subprogram, true,
                        {{At::name, Form{static_cast<std::uint16_t>(name_form)}},
                         {At::low_pc, Form::addr},
                         {At::high_pc, Form::data8}});
    abbrev.abbreviation(3, Tag::inlined_subroutine, false,
                        {{At::name, Form::string},
                         {At::low_pc, Form::addr},
                         {At::high_pc, Form::data8},
                         {At::call_line, Form::data1}});
    abbrev.u8(0);
    info = test::unit(4, SectionBuilder()
                             .uleb(1)
                             .u64(0x1000)
                             .u64(0x100)
                             .uleb(2)
                             .text("outer")
                             .u64(0x1000)
                             .u64(0x100)
                             .uleb(3)
                             .text("inner")
                             .u64(0x1010)
                             .u64(0x10)
                             .u8(7)
                             .u8(0)
                             .u8(0));
  }
  dwarf::Sections sections() const {
    dwarf::Sections made;
    made.info = info.bytes();
    made.abbrev = abbrev.bytes();
    return made;
  }
};

constexpr std::array<std::uint64_t, 3> addresses = {0x1000, 0x1010, 0x1100};

}  // namespace

TEST_CASE("frames are read, innermost first") {
  const Program program;
  const auto reading = verify::read_again(program.sections(), addresses);
  REQUIRE(reading);
  REQUIRE(reading->answers.size() == 3);
  REQUIRE(reading->answers[0].frames.size() == 1);
  CHECK(reading->answers[0].frames[0].function == "outer");
  REQUIRE(reading->answers[1].frames.size() == 2);
  CHECK(reading->answers[1].frames[0].function == "inner");
  CHECK(reading->answers[1].frames[0].inlined);
  CHECK(reading->answers[1].frames[1].function == "outer");
  CHECK(reading->answers[1].frames[1].line == 7);
  CHECK_FALSE(reading->answers[1].frames[1].inlined);
  CHECK(reading->answers[2].frames.empty());
}

TEST_CASE("what libdwarf++ throws is an answer") {
  const Program program(0x7f);
  const auto reading = verify::read_again(program.sections(), addresses);
  REQUIRE(reading);
  CHECK_FALSE(reading->problem.empty());
  const auto none = verify::read_again({}, addresses);
  CHECK_FALSE(none);
}

TEST_CASE("both readers say the same of it") {
  const Program program;
  dwarf::Input input;
  input.main = program.sections();
  auto first = dwarf::Reader::open(std::move(input));
  REQUIRE(first);
  const auto second = verify::read_again(program.sections(), addresses);
  for (std::size_t i = 0; i < addresses.size(); ++i)
    CHECK(verify::difference(first->lookup(addresses[i]), second->answers[i].frames).empty());
}

TEST_CASE("differences") {
  const std::vector<dwarf::Frame> ours = {{.function = "space::inner",
                                           .file = "/a/b.c",
                                           .line = 3,
                                           .column = 4,
                                           .inlined = true,
                                           .is_linkage_name = false},
                                          {.function = "_Z5outerv",
                                           .file = "/a/c.c",
                                           .line = 5,
                                           .column = 0,
                                           .inlined = false,
                                           .is_linkage_name = true}};
  const std::vector<verify::Frame> theirs = {{"inner", "/a/./b.c", 3, 4, true},
                                             {"_Z5outerv", "/a/c.c", 5, 0, false}};
  CHECK(verify::difference(ours, theirs).empty());
  const auto changed = [&](auto change) {
    auto copy = theirs;
    change(copy);
    return verify::difference(ours, copy);
  };
  using Frames = std::vector<verify::Frame>;
  CHECK(changed([](Frames& frames) { frames.pop_back(); }) == "frames");
  CHECK(changed([](Frames& frames) { frames[0].inlined = false; }) == "frames");
  CHECK(changed([](Frames& frames) { frames[0].function = "ner"; }) == "function");
  CHECK(changed([](Frames& frames) { frames[1].function = "outerv"; }) == "function");
  CHECK(changed([](Frames& frames) { frames[1].function.clear(); }).empty());
  CHECK(changed([](Frames& frames) { frames[1].file = "/a/b.c"; }) == "file");
  CHECK(changed([](Frames& frames) { frames[1].line = 6; }) == "line");
  CHECK(changed([](Frames& frames) { frames[0].column = 0; }) == "column");
}
