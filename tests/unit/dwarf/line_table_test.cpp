#include "dwarf/info/line_table.hpp"

#include <optional>

#include <doctest/doctest.h>

#include "unit/dwarf/sections_builder.hpp"

namespace sonde::dwarf {

namespace {

struct Shape {
  unsigned version = 4;
  unsigned operations = 1;  // In an instruction.
  unsigned instruction_length = 1;
  unsigned line_range = 14;
};

// A table with line_base -5 and opcode_base 13, directory 1 "include" and files 1 "a.c" of the unit's
// directory and 2 "b.h" of directory 1 (in version 5: 0 and 1).
test::SectionBuilder table(const Shape& shape, const test::SectionBuilder& program) {
  test::SectionBuilder header;
  header.u8(shape.instruction_length);
  if (shape.version >= 4) header.u8(shape.operations);
  header.u8(1).u8(0xfb).u8(shape.line_range).u8(13).raw({0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1});
  if (shape.version >= 5) {
    header.u8(1).uleb(1).uleb(0x08).uleb(2).text("/unit").text("include");
    // Files with path, directory, and an MD5 (5) that is skipped.
    header.u8(3).uleb(1).uleb(0x08).uleb(2).uleb(0x0b).uleb(5).uleb(0x1e).uleb(2);
    header.text("a.c").u8(0).u64(1).u64(2).text("b.h").u8(1).u64(3).u64(4);
  } else {
    header.text("include").u8(0).text("a.c").uleb(0).uleb(0).uleb(0).text("b.h").uleb(1).uleb(0).uleb(0).u8(
        0);
  }
  test::SectionBuilder contents;
  contents.u16(shape.version);
  if (shape.version >= 5) contents.u8(8).u8(0);
  contents.with_length(header).append(program);
  return test::SectionBuilder().with_length(contents);
}

test::SectionBuilder set_address(std::uint64_t address) {
  return test::SectionBuilder().u8(0).uleb(9).u8(2).u64(address);
}

const test::SectionBuilder end_sequence = test::SectionBuilder().raw({0, 1, 1});

// A special opcode that advances address and line by so much.
unsigned special(unsigned operations, int line, unsigned line_range = 14) {
  return static_cast<unsigned>(line + 5) + line_range * operations + 13;
}

struct Read {
  test::SectionBuilder section;
  std::optional<LineTable> lines;

  explicit Read(test::SectionBuilder bytes) : section(std::move(bytes)) {
    File file;
    file.sections.line = section.bytes();
    Unit unit;
    unit.encoding = {4, 8, 4};
    unit.lines = 0;
    lines.emplace(file, unit, "/unit");
  }
  // "file:line:column" at an address; "" where none is known.
  std::string at(std::uint64_t address) const {
    const LineRow* const row = lines->find(address);
    if (row == nullptr) return "";
    return lines->path(row->file) + ":" + std::to_string(row->line) + ":" + std::to_string(row->column);
  }
};

}  // namespace

TEST_CASE("standard and special opcodes") {
  test::SectionBuilder program = set_address(0x1000);
  program.u8(5).uleb(7).u8(1);  // set_column, copy: line 1
  program.u8(special(4, 3));    // 0x1004, line 4
  program.u8(6).u8(7).u8(10).u8(11).u8(12).uleb(
      300);  // negate_stmt, basic_block, prologue_end, epilogue_begin, set_isa
  program.u8(2).uleb(0x10).u8(3).sleb(-2).u8(4).uleb(2).u8(
      1);                                        // advance_pc, advance_line, set_file: 0x1014, line 2
  program.u8(8).u8(3).sleb(200).u8(1);           // const_add_pc, (255 - 13) / 14 = 17: 0x1025, line 202
  program.u8(9).u16(0x100).u8(3).sleb(1).u8(1);  // fixed_advance_pc: 0x1125, line 203
  program.raw({0, 2, 4, 9});                     // set_discriminator
  program.raw({0, 3, 0x80, 1, 2});               // a vendor's
  program.u8(2).uleb(5).append(end_sequence);
  const Read read(table({}, program));
  CHECK(read.at(0xfff).empty());
  CHECK(read.at(0x1000) == "/unit/a.c:1:7");
  CHECK(read.at(0x1003) == "/unit/a.c:1:7");
  CHECK(read.at(0x1004) == "/unit/a.c:4:7");
  CHECK(read.at(0x1014) == "/unit/include/b.h:2:7");
  CHECK(read.at(0x1025) == "/unit/include/b.h:202:7");
  CHECK(read.at(0x1125) == "/unit/include/b.h:203:7");
  CHECK(read.at(0x1129) == "/unit/include/b.h:203:7");
  CHECK(read.at(0x112a).empty());
}

TEST_CASE("versions 2, 3 and 5 of the header") {
  for (const unsigned version : {2U, 3U, 5U}) {
    test::SectionBuilder program = set_address(0x1000);
    const unsigned first = version == 5 ? 0 : 1;
    program.u8(4).uleb(first).u8(1).u8(2).uleb(4).u8(4).uleb(first + 1).u8(1).u8(2).uleb(4).append(
        end_sequence);
    const Read read(table({.version = version}, program));
    CAPTURE(version);
    CHECK(read.at(0x1000) == "/unit/a.c:1:0");
    CHECK(read.at(0x1004) == "/unit/include/b.h:1:0");
    CHECK(read.lines->path(77).empty());
  }
}

TEST_CASE("several operations in an instruction: addresses move by whole instructions") {
  test::SectionBuilder program = set_address(0x1000);
  program.u8(1).u8(special(2, 1)).u8(special(2, 1)).u8(2).uleb(5).u8(1).append(end_sequence);
  const Read read(table({.operations = 3, .instruction_length = 16}, program));
  // Operations 0, 2, 4 (of the second instruction), 9 (of the fourth).
  CHECK(read.at(0x1000) == "/unit/a.c:2:0");
  CHECK(read.at(0x1010) == "/unit/a.c:3:0");
  CHECK(read.at(0x102f) == "/unit/a.c:3:0");
  CHECK(read.at(0x1030).empty());
}

TEST_CASE("sequences: in any order, empty, of code that was left out, and not ended") {
  test::SectionBuilder program;
  for (const std::uint64_t address : {0x3000, 0x1000, 0, 0x2000})
    program.append(set_address(address))
        .u8(3)
        .sleb(static_cast<std::int64_t>(address >> 12))
        .u8(1)
        .u8(2)
        .uleb(8)
        .append(end_sequence);
  program.append(set_address(0x4000)).u8(1).append(end_sequence);
  program.append(set_address(0x5000)).u8(1).u8(2).uleb(8).u8(1);
  const Read read(table({}, program));
  CHECK(read.at(0x1007) == "/unit/a.c:2:0");
  CHECK(read.at(0x1008).empty());
  CHECK(read.at(0x2000) == "/unit/a.c:3:0");
  CHECK(read.at(0x3000) == "/unit/a.c:4:0");
  CHECK(read.at(4).empty());
  CHECK(read.at(0x4000).empty());
  CHECK(read.at(0x5001).empty());
}

TEST_CASE("of several rows at one address the last holds, and addresses do not go back") {
  test::SectionBuilder program = set_address(0x1000);
  program.u8(1).u8(special(0, 4)).u8(special(0, 2));
  program.append(set_address(0x0800)).u8(special(0, 3)).append(set_address(0x1010)).u8(special(0, 1));
  program.u8(2).uleb(1).append(end_sequence);
  const Read read(table({}, program));
  CHECK(read.at(0x0800).empty());
  CHECK(read.at(0x1000) == "/unit/a.c:7:0");
  CHECK(read.at(0x1010) == "/unit/a.c:11:0");
}

TEST_CASE("define_file adds files of versions before 5") {
  test::SectionBuilder program = set_address(0x1000);
  program.u8(0).uleb(9).u8(3).text("c.inc").raw({1, 0}).u8(0);
  program.vector()[program.size() - 9 - 2] = std::byte{10};
  program.u8(4).uleb(3).u8(1).u8(2).uleb(8).append(end_sequence);
  const Read read(table({}, program));
  CHECK(read.at(0x1000) == "/unit/include/c.inc:1:0");
}

TEST_CASE("headers that cannot be right") {
  test::SectionBuilder program = set_address(0x1000);
  program.u8(1).u8(2).uleb(4).append(end_sequence);
  CHECK(Read(table({}, program)).at(0x1000) == "/unit/a.c:1:0");
  CHECK(Read(table({.line_range = 0}, program)).at(0x1000).empty());
  CHECK(Read(table({.version = 6}, program)).at(0x1000).empty());
  test::SectionBuilder cut = table({}, program);
  for (std::size_t size = 0; size < cut.size(); ++size) {
    test::SectionBuilder part;
    part.vector().assign(cut.bytes().begin(), cut.bytes().begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(Read(part).at(0x1000).empty());
  }
}

TEST_CASE("a table of entries without bytes does not repeat without end") {
  test::SectionBuilder header;
  header.u8(1).u8(1).u8(1).u8(0xfb).u8(14).u8(13).raw({0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1});
  header.u8(1).uleb(1).uleb(0x19).uleb(~std::uint64_t{0});  // flag_present takes no bytes.
  header.u8(0).uleb(~std::uint64_t{0});
  test::SectionBuilder contents;
  contents.u16(5)
      .u8(8)
      .u8(0)
      .with_length(header)
      .append(set_address(0x1000))
      .u8(1)
      .u8(2)
      .uleb(4)
      .append(end_sequence);
  const Read read(test::SectionBuilder().with_length(contents));
  CHECK(read.at(0x1000) == ":1:0");
}

}  // namespace sonde::dwarf
