// CIEs and FDEs: every form of them, and what is wrong with some.
#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "unit/unwind/cfi_bytes.hpp"

using namespace sonde::unwind;
using namespace sonde::unwind::test;
using sonde::arch::Register;

namespace {

CfiTable built(const SectionBuilder& builder, CodeRange code = {}) {
  const CfiSection section = builder.section();
  auto table = build({&section, 1}, code);
  REQUIRE(table);
  return std::move(*table);
}

// Whether [0x1000, 0x1100) and nothing else is covered by the rule of at_entry().
void check_entry_rule(const CfiTable& table) {
  const TableView& view = table.table.view();
  for (const std::uint64_t address : {0x1000, 0x1001, 0x10ff}) {
    const Rule* rule = view.find(address);
    REQUIRE(rule);
    CHECK(rule->cfa_kind == CfaKind::register_based);
    CHECK(rule->cfa_register == static_cast<int>(Register::rsp));
    CHECK(rule->cfa_offset == 8);
    CHECK(rule->saved_mask == 1u << 6);
    CHECK(rule->saved[6] == -1);
    CHECK(rule->flags == Rule::near);
  }
  CHECK_FALSE(view.find(0xfff));
  CHECK_FALSE(view.find(0x1100));
  CHECK_FALSE(view.find(0));
  CHECK(table.losses.entries == 0);
  CHECK(table.losses.programs == 0);
}

// A section whose only function has its addresses in an encoding of .eh_frame.
SectionBuilder encoded(int encoding, const ByteBuilder& begin, const ByteBuilder& size) {
  SectionBuilder builder;
  const auto cie = builder.cie("zR", {encoding}, at_entry());
  builder.fde_of(cie, ByteBuilder().add(begin).add(size).uleb(0));
  return builder;
}

// Where the first FDE's address lies in such a section.
std::uint64_t address_place(const SectionBuilder& builder, int encoding) {
  SectionBuilder like = builder;
  like.bytes = {};
  like.cie("zR", {encoding}, at_entry());
  return like.address + like.bytes.size() + 8;
}

}  // namespace

TEST_CASE("both formats, in 32-bit and in 64-bit DWARF") {
  for (const auto format : {CfiSection::Format::eh_frame, CfiSection::Format::debug_frame}) {
    for (const bool wide : {false, true}) {
      CAPTURE(wide);
      SectionBuilder builder;
      builder.format = format;
      builder.wide = wide;
      builder.fde(builder.cie("", {}, at_entry()), 0x1000, 0x100, {});
      check_entry_rule(built(builder));
    }
  }
}

TEST_CASE("each version of a CIE") {
  for (const int version : {1, 3, 4}) {
    CAPTURE(version);
    SectionBuilder builder;
    builder.format = CfiSection::Format::debug_frame;
    ByteBuilder body;
    body.u8(static_cast<std::uint64_t>(version)).text("");
    if (version == 4) body.u8(8).u8(0);
    body.uleb(1).sleb(-8).u8(16).add(at_entry());
    builder.fde(builder.cie_of(body), 0x1000, 0x100, {});
    check_entry_rule(built(builder));
  }
}

TEST_CASE("a CIE may come after its FDE in .debug_frame") {
  SectionBuilder alone;
  alone.format = CfiSection::Format::debug_frame;
  const auto fde_bytes = ByteBuilder().u64(0x1000).u64(0x100);
  SectionBuilder builder = alone;
  builder.fde_of(4 + 4 + fde_bytes.size(), fde_bytes);
  builder.cie("", {}, at_entry());
  check_entry_rule(built(builder));
}

TEST_CASE("each encoding of an address") {
  const auto absolute = [](int encoding, const ByteBuilder& begin, const ByteBuilder& size) {
    CAPTURE(encoding);
    check_entry_rule(built(encoded(encoding, begin, size)));
  };
  absolute(0x00, ByteBuilder().u64(0x1000), ByteBuilder().u64(0x100));
  absolute(0x01, ByteBuilder().uleb(0x1000), ByteBuilder().uleb(0x100));
  absolute(0x02, ByteBuilder().u16(0x1000), ByteBuilder().u16(0x100));
  absolute(0x03, ByteBuilder().u32(0x1000), ByteBuilder().u32(0x100));
  absolute(0x04, ByteBuilder().u64(0x1000), ByteBuilder().u64(0x100));
  absolute(0x08, ByteBuilder().u64(0x1000), ByteBuilder().u64(0x100));
  absolute(0x09, ByteBuilder().sleb(0x1000), ByteBuilder().sleb(0x100));
  absolute(0x0a, ByteBuilder().u16(0x1000), ByteBuilder().u16(0x100));
  absolute(0x0b, ByteBuilder().u32(0x1000), ByteBuilder().u32(0x100));
  absolute(0x0c, ByteBuilder().u64(0x1000), ByteBuilder().u64(0x100));
}

TEST_CASE("an address relative to its own place, before the section or behind it") {
  SectionBuilder builder;
  const std::uint64_t place = address_place(builder, 0x1b);
  check_entry_rule(built(encoded(0x1b, ByteBuilder().u32(0x1000 - place), ByteBuilder().u32(0x100))));
  check_entry_rule(built(encoded(0x10, ByteBuilder().u64(0x1000 - place), ByteBuilder().u64(0x100))));
}

TEST_CASE("an address relative to text or data needs that base") {
  for (const int encoding : {0x2b, 0x3b}) {
    CAPTURE(encoding);
    const auto builder = encoded(encoding, ByteBuilder().u32(0x200), ByteBuilder().u32(0x100));
    CfiSection section = builder.section();
    const auto without = build({&section, 1});
    REQUIRE(without);
    CHECK(without->losses.entries == 1);
    CHECK(without->table.view().row_count() == 0);
    (encoding == 0x2b ? section.text_base : section.data_base) = 0xe00;
    auto with = build({&section, 1});
    REQUIRE(with);
    check_entry_rule(*with);
  }
}

TEST_CASE("what cannot be known here is left out: indirect, omitted, function-relative, unknown") {
  for (const int encoding : {0x80, 0x9b, 0xff, 0x4b, 0x50, 0x05, 0x0d}) {
    CAPTURE(encoding);
    const auto table = built(encoded(encoding, ByteBuilder().u64(0x1000), ByteBuilder().u64(0x100)));
    CHECK(table.losses.entries == 1);
    CHECK_FALSE(table.table.view().find(0x1000));
  }
}

TEST_CASE("augmentations: personality, language data, signal frame, and an unknown one") {
  struct Case {
    const char* letters;
    ByteBuilder data;
    ByteBuilder fde_data;
    int flags;
  };
  const Case cases[] = {
      {"zPLR", ByteBuilder({0x1b}).u32(77).u8(0x1b).u8(0x00), ByteBuilder().u32(1), 0},
      {"zRS", {0x00}, {}, Rule::signal_frame},
      {"zSR", {0x00}, {}, Rule::signal_frame},
      {"zRB", {0x00}, {}, 0},
      {"zR?", {0x00, 1, 2, 3}, ByteBuilder().u64(3), 0},
      {"z", {}, {}, 0},
  };
  for (const auto& c : cases) {
    CAPTURE(c.letters);
    SectionBuilder builder;
    const auto cie = builder.cie(c.letters, c.data, at_entry());
    builder.fde_of(cie, ByteBuilder().u64(0x1000).u64(0x100).uleb(c.fde_data.size()).add(c.fde_data));
    const auto table = built(builder);
    const Rule* rule = table.table.view().find(0x1050);
    REQUIRE(rule);
    CHECK(rule->flags == (c.flags | Rule::near));
    CHECK(rule->cfa_offset == 8);
    CHECK(table.losses.entries == 0);
  }
}

TEST_CASE("an augmentation without a length cannot be read over") {
  SectionBuilder builder;
  builder.fde(builder.cie("R", {}, at_entry()), 0x1000, 0x100, {});
  const auto table = built(builder);
  CHECK(table.losses.entries == 2);
  CHECK_FALSE(table.table.view().find(0x1000));
}

TEST_CASE("the old augmentation 'eh' has a pointer in it") {
  SectionBuilder builder;
  builder.fde(
      builder.cie_of(ByteBuilder().u8(1).text("eh").u64(0x4711).uleb(1).sleb(-8).u8(16).add(at_entry())),
      0x1000, 0x100, {});
  check_entry_rule(built(builder));
}

TEST_CASE("CIEs that are not for this machine") {
  for (const auto& body :
       {ByteBuilder().u8(2).text("").uleb(1).sleb(-8).u8(16),              // Never a version.
        ByteBuilder().u8(4).text("").u8(4).u8(0).uleb(1).sleb(-8).u8(16),  // 32-bit addresses.
        ByteBuilder().u8(4).text("").u8(8).u8(2).uleb(1).sleb(-8).u8(16),  // Segments.
        ByteBuilder().u8(1)}) {
    SectionBuilder builder;
    builder.fde(builder.cie_of(body), 0x1000, 0x100, {});
    const auto table = built(builder);
    CHECK(table.losses.entries == 2);
    CHECK(table.table.view().row_count() == 0);
  }
}

TEST_CASE("a terminator ends one object's entries, not the section") {
  SectionBuilder builder;
  const auto cie = builder.cie("", {}, at_entry());
  builder.fde(cie, 0x2000, 0x10, {});
  builder.bytes.u32(0);
  builder.fde(cie, 0x1000, 0x100, {});
  const auto table = built(builder);
  CHECK(table.table.view().find(0x1000));
  CHECK(table.table.view().find(0x2000));
}

TEST_CASE("an entry that reaches beyond the section ends it") {
  auto builder = one_function({});
  builder.bytes.u32(100).u32(0);
  check_entry_rule(built(builder));
}

TEST_CASE("FDEs without code: empty, wrapping around, at 0, beyond the module's code, of no CIE") {
  SectionBuilder builder;
  const auto cie = builder.cie("", {}, at_entry());
  builder.fde(cie, 0x1000, 0x100, {});
  builder.fde(cie, 0x5000, 0, {});
  builder.fde(cie, 0xfffffffffffffff0, 0x100, {});
  builder.fde(cie, 0, 0x100, {});
  builder.fde(cie, 0x3000, 0x100, {});
  builder.fde(cie, 0x2fff, 0x2, {});
  builder.fde(cie + 1, 0x1800, 0x10, {});
  const auto table = built(builder, {0x1000, 0x3000});
  CHECK(table.losses.entries == 6);
  CHECK(table.table.view().end_address() == 0x1100);
}

TEST_CASE("no section, or an empty one, gives an empty table") {
  const auto table = build({});
  REQUIRE(table);
  CHECK(table->table.view().row_count() == 0);
  CHECK_FALSE(table->table.view().find(0));
  CHECK_FALSE(table->table.view().find(~std::uint64_t{0}));
  const CfiSection empty;
  CHECK(build({&empty, 1}));
}
