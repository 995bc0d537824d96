#include "sonde/dwarf/reader.hpp"

#include <string>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "unit/dwarf/sections_builder.hpp"

namespace sonde::dwarf {

namespace {

constexpr std::uint64_t code_unit = 1, code_namespace = 2, code_class = 3, code_function = 4,
                        code_inlined = 5, code_declaration = 6, code_abstract = 7, code_block = 8,
                        code_chain = 9, code_ranged = 10;

// The abbreviations of all units here.
test::SectionBuilder abbreviations() {
  test::SectionBuilder table;
  table.abbreviation(code_unit, Tag::compile_unit, true,
                     {{At::language, Form::data2}, {At::low_pc, Form::addr}, {At::high_pc, Form::data4}});
  table.abbreviation(code_namespace, Tag::namespace_, true, {{At::name, Form::string}});
  table.abbreviation(code_class, Tag::class_type, true, {{At::name, Form::string}});
  table.abbreviation(code_function, Tag::subprogram, true,
                     {{At::name, Form::string}, {At::low_pc, Form::addr}, {At::high_pc, Form::data4}});
  table.abbreviation(code_inlined, Tag::inlined_subroutine, true,
                     {{At::abstract_origin, Form::ref4},
                      {At::low_pc, Form::addr},
                      {At::high_pc, Form::data4},
                      {At::call_line, Form::data1}});
  table.abbreviation(code_declaration, Tag::subprogram, false,
                     {{At::name, Form::string}, {At::declaration, Form::flag_present}});
  table.abbreviation(code_abstract, Tag::subprogram, false, {{At::specification, Form::ref4}});
  table.abbreviation(code_block, Tag{0x0b}, true, {});
  table.abbreviation(code_chain, Tag::subprogram, false, {{At::abstract_origin, Form::ref_addr}});
  table.abbreviation(code_ranged, Tag::subprogram, false,
                     {{At::name, Form::string}, {At::ranges, Form::sec_offset}});
  table.u8(0);
  return table;
}

constexpr std::uint64_t language_c = 0x0c, language_cpp = 0x1a;

test::SectionBuilder root(std::uint64_t language, std::uint64_t low = 0x1000, std::uint64_t length = 0x1000) {
  return test::SectionBuilder().uleb(code_unit).u16(language).u64(low).u32(length);
}

struct Made {
  test::SectionBuilder abbrev = abbreviations();
  test::SectionBuilder info;
  test::SectionBuilder ranges;
  std::optional<Reader> reader;

  explicit Made(test::SectionBuilder units) : info(std::move(units)) { open(); }
  Made(test::SectionBuilder units, test::SectionBuilder lists)
      : info(std::move(units)), ranges(std::move(lists)) {
    open();
  }
  void open() {
    Input input;
    input.main.info = info.bytes();
    input.main.abbrev = abbrev.bytes();
    input.main.ranges = ranges.bytes();
    auto opened = Reader::open(std::move(input));
    REQUIRE(opened);
    reader = std::move(*opened);
  }
  // "function@line" of each frame, innermost first, with a blank between; * behind an inlined one.
  std::string at(std::uint64_t address) {
    std::string text;
    for (const Frame& frame : reader->lookup(address)) {
      if (!text.empty()) text += ' ';
      text += std::string(frame.function) + "@" + std::to_string(frame.line) + (frame.inlined ? "*" : "");
    }
    return text;
  }
};

}  // namespace

TEST_CASE("functions in namespaces, classes and blocks are found, and named with what they are in") {
  test::SectionBuilder entries = root(language_cpp);
  entries.uleb(code_namespace).text("outer").uleb(code_class).text("Inner");
  const std::size_t declaration = test::header_size(4) + entries.size();
  entries.uleb(code_declaration).text("method");
  entries.uleb(code_function).text("direct").u64(0x1000).u32(0x10).u8(0);
  entries.u8(0);  // Inner
  const std::size_t abstract = test::header_size(4) + entries.size();
  entries.uleb(code_abstract).u32(declaration);
  entries.u8(0);  // outer
  entries.uleb(code_namespace).text("");
  entries.uleb(code_function).text("caller").u64(0x1100).u32(0x100).uleb(code_block);
  entries.uleb(code_inlined).u32(abstract).u64(0x1110).u32(0x10).u8(77).u8(0);
  entries.u8(0).u8(0).u8(0).u8(0);
  Made made(test::unit(4, entries));
  CHECK(made.at(0x1000) == "outer::Inner::direct@0");
  CHECK(made.at(0x1110) == "outer::Inner::method@0* (anonymous namespace)::caller@77");
  CHECK(made.at(0x1120) == "(anonymous namespace)::caller@0");
  CHECK(made.at(0x1010).empty());
  CHECK(made.at(0x2000).empty());
}

TEST_CASE("names of C are not qualified") {
  test::SectionBuilder entries = root(language_c);
  entries.uleb(code_class)
      .text("wrapper")
      .uleb(code_function)
      .text("plain")
      .u64(0x1000)
      .u32(0x10)
      .raw({0, 0, 0});
  Made made(test::unit(4, entries));
  CHECK(made.at(0x1000) == "plain@0");
  CHECK_FALSE(made.reader->lookup(0x1000)[0].is_linkage_name);
}

TEST_CASE("entries that lead to one another in a circle end") {
  test::SectionBuilder entries = root(language_cpp);
  const std::size_t first = test::header_size(4) + entries.size();
  entries.uleb(code_chain).u32(first + 5).uleb(code_chain).u32(first);
  entries.uleb(code_function).text("caller").u64(0x1000).u32(0x100);
  entries.uleb(code_inlined).u32(first).u64(0x1000).u32(0x10).u8(5).raw({0, 0, 0});
  Made made(test::unit(4, entries));
  CHECK(made.at(0x1000) == "@0* caller@5");
}

TEST_CASE("nesting beyond the limit is left out, and no deeper than the frames of one address") {
  test::SectionBuilder entries = root(language_cpp);
  const std::size_t origin = test::header_size(4) + entries.size();
  entries.uleb(code_declaration).text("deep");
  entries.uleb(code_function).text("caller").u64(0x1000).u32(0x100);
  for (int i = 0; i < 100'000; ++i) entries.uleb(code_inlined).u32(origin).u64(0x1000).u32(0x10).u8(5);
  Made made(test::unit(4, entries));
  CHECK(made.reader->lookup(0x1000).size() == limits::dwarf_inline_frames);
}

TEST_CASE("a unit whose root does not tell where its code is") {
  test::SectionBuilder abbreviation;
  test::SectionBuilder entries = root(language_c, 0, 0);
  entries.uleb(code_function).text("found").u64(0x7000).u32(0x10).raw({0, 0});
  Made made(test::unit(4, entries));
  // Its root has low_pc 0 as code that was left out has: nothing is looked for.
  CHECK(made.at(0x7000).empty());
  made.abbrev = test::SectionBuilder();
  made.abbrev.abbreviation(1, Tag::compile_unit, true, {{At::language, Form::data2}});
  made.abbrev.abbreviation(4, Tag::subprogram, false,
                           {{At::name, Form::string}, {At::low_pc, Form::addr}, {At::high_pc, Form::data4}});
  made.abbrev.u8(0);
  made.info = unit(
      4, test::SectionBuilder().uleb(1).u16(language_c).uleb(4).text("found").u64(0x7000).u32(0x10).u8(0));
  made.open();
  CHECK(made.at(0x7000) == "found@0");
  CHECK(made.at(0x7010).empty());
}

TEST_CASE("many functions that share one long list of ranges take bounded time") {
  test::SectionBuilder lists;
  for (std::uint64_t i = 0; i < 100'000; ++i) lists.u64(i + 1).u64(i + 2);
  test::SectionBuilder entries = root(language_c);
  for (int i = 0; i < 100'000; ++i) entries.uleb(code_ranged).text("f").u32(0);
  entries.u8(0);
  Made made(test::unit(4, entries), lists);
  CHECK(made.at(0x1001) == "f@0");
}

TEST_CASE("units that overlap: the one of the shorter range holds") {
  test::SectionBuilder wide = root(language_c, 0x1000, 0x1000);
  wide.uleb(code_function).text("wide").u64(0x1000).u32(0x1000).raw({0, 0});
  test::SectionBuilder narrow = root(language_c, 0x1400, 0x100);
  narrow.uleb(code_function).text("narrow").u64(0x1400).u32(0x100).raw({0, 0});
  Made made(test::unit(4, wide).append(test::unit(3, narrow)));
  CHECK(made.at(0x1400) == "narrow@0");
  CHECK(made.at(0x1500) == "wide@0");
}

TEST_CASE("what is not there or not to be read") {
  Input none;
  CHECK(Reader::open(none).error().code == ErrorCode::not_found);
  test::SectionBuilder info;
  info.raw({1, 2, 3});
  Input broken;
  broken.main.info = info.bytes();
  CHECK(Reader::open(broken).error().code == ErrorCode::invalid);
}

TEST_CASE("a unit cut anywhere gives what is before the cut, or nothing") {
  test::SectionBuilder entries = root(language_c);
  entries.uleb(code_function).text("one").u64(0x1000).u32(0x10).u8(0);
  entries.uleb(code_function).text("two").u64(0x1010).u32(0x10).raw({0, 0});
  const test::SectionBuilder whole = test::unit(4, entries);
  const test::SectionBuilder abbrev = abbreviations();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const std::vector<std::byte> part(whole.bytes().begin(),
                                      whole.bytes().begin() + static_cast<std::ptrdiff_t>(size));
    Input input;
    input.main.info = part;
    input.main.abbrev = abbrev.bytes();
    auto reader = Reader::open(std::move(input));
    if (!reader) continue;
    for (const Frame& frame : reader->lookup(0x1000)) CHECK(frame.function == "one");
    for (const Frame& frame : reader->lookup(0x1010)) CHECK(frame.function == "two");
  }
}

}  // namespace sonde::dwarf
