// Each instruction of call frame information.
#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "unit/unwind/cfi_bytes.hpp"

using namespace sonde::unwind;
using namespace sonde::unwind::test;
using sonde::arch::Register;

namespace {

constexpr int rax = 0, rbx = 3, rbp = 6, rsp = 7, r10 = 10, r12 = 12, rip = 16;

struct Built {
  SectionBuilder builder;
  CfiTable table;

  explicit Built(const ByteBuilder& instructions, std::uint64_t size = 0x100)
      : builder(one_function(instructions, size)), table(make()) {}

  const Rule& at(std::uint64_t offset) const {
    const Rule* rule = table.table.view().find(0x1000 + offset);
    REQUIRE(rule);
    return *rule;
  }
  bool known(std::uint64_t offset) const { return table.table.view().find(0x1000 + offset) != nullptr; }
  // The recovery of a register that is not in the compact form.
  Recovery recovery(std::uint64_t offset, int column) const {
    for (const auto& recovery : table.table.view().recoveries(at(offset))) {
      if (recovery.column == column) return recovery;
    }
    FAIL("no recovery of column " << column);
    return {};
  }
  // The offset from the CFA at which a register is saved, in bytes; 0 if the rule does not say so.
  int saved(std::uint64_t offset, int column) const {
    const Rule& rule = at(offset);
    for (std::size_t i = 0; i < saved_registers.size(); ++i) {
      if (static_cast<int>(saved_registers[i]) == column && (rule.saved_mask >> i & 1) != 0)
        return rule.saved[i] * 8;
    }
    return 0;
  }

 private:
  CfiTable make() {
    const CfiSection section = builder.section();
    auto made = build({&section, 1});
    REQUIRE(made);
    return std::move(*made);
  }
};

}  // namespace

TEST_CASE("the four ways to advance") {
  const Built built(
      {0x40 | 4, 0x0e, 16, 0x02, 4, 0x0e, 24, 0x03, 4, 0, 0x0e, 32, 0x04, 4, 0, 0, 0, 0x0e, 40});
  const int expected[] = {8, 16, 24, 32, 40};
  for (std::uint64_t i = 0; i < 5; ++i) {
    CHECK(built.at(4 * i).cfa_offset == expected[i]);
    CHECK(built.at(4 * i + 3).cfa_offset == expected[i]);
  }
  CHECK(built.table.table.view().row_count() == 5);
}

TEST_CASE("set_loc and MIPS's advance by 8 bytes") {
  const Built built(ByteBuilder({0x01}).u64(0x1008).add({0x0e, 16, 0x1d}).u64(8).add({0x0e, 24}));
  CHECK(built.at(7).cfa_offset == 8);
  CHECK(built.at(8).cfa_offset == 16);
  CHECK(built.at(16).cfa_offset == 24);
  const Built backwards(ByteBuilder({0x01}).u64(0xfff));
  CHECK(backwards.table.losses.programs == 1);
  CHECK_FALSE(backwards.known(0));
}

TEST_CASE("the ways to define the CFA") {
  CHECK(Built({0x0c, rbp, 16}).at(0).cfa_register == rbp);
  CHECK(Built({0x0d, r10}).at(0).cfa_register == r10);
  CHECK(Built({0x0d, r10}).at(0).cfa_offset == 8);
  CHECK(Built({0x0e, 0x80, 0x01}).at(0).cfa_offset == 128);
  CHECK(Built({0x12, rbx, 0x7e}).at(0).cfa_offset == 16);
  CHECK(Built({0x12, rbx, 0x7e}).at(0).cfa_register == rbx);
  CHECK(Built({0x13, 0x7d}).at(0).cfa_offset == 24);
}

TEST_CASE("where registers are saved") {
  CHECK(Built({0x80 | rbx, 2}).saved(0, rbx) == -16);
  CHECK(Built({0x05, r12, 3}).saved(0, r12) == -24);
  CHECK(Built({0x11, rbp, 0x7e}).saved(0, rbp) == 16);
  CHECK(Built({0x2f, rbp, 4}).saved(0, rbp) == 32);
  CHECK(Built({0x80 | rip, 5}).saved(0, rip) == -40);
}

TEST_CASE("what the compact form cannot say") {
  const Built high(ByteBuilder({0x80 | rbx}).uleb(40000));
  CHECK(high.recovery(0, rbx).how == How::saved_at);
  CHECK(high.recovery(0, rbx).value == -320000);
  CHECK(Built({0x80 | rax, 2}).recovery(0, rax).how == How::saved_at);
  CHECK(Built({0x80 | rax, 2}).recovery(0, rax).value == -16);
  CHECK(Built({0x14, rbx, 2}).recovery(0, rbx).how == How::is);
  CHECK(Built({0x14, rbx, 2}).recovery(0, rbx).value == -16);
  CHECK(Built({0x15, rsp, 0x7e}).recovery(0, rsp).value == 16);
  CHECK(Built({0x09, rbx, r12}).recovery(0, rbx).how == How::in_register);
  CHECK(Built({0x09, rbx, r12}).recovery(0, rbx).value == r12);
  CHECK(Built({0x09, rbx, 40}).recovery(0, rbx).how == How::undefined);
  CHECK(Built({0x07, rbx}).recovery(0, rbx).how == How::undefined);
  CHECK(Built({0x08, rbx}).recovery(0, rbx).how == How::same);
}

TEST_CASE("expressions keep their bytes, and equal ones share them") {
  const Built built({0x10, rbx, 2, 0x70, 8, 0x44, 0x16, r12, 2, 0x70, 8, 0x0f, 3, 0x77, 16, 0x06});
  const TableView& view = built.table.table.view();
  const Recovery first = built.recovery(0, rbx);
  CHECK(first.how == How::saved_at_expression);
  CHECK(view.expression(first).size() == 2);
  CHECK(view.expression(first)[1] == std::byte{8});
  const Recovery second = built.recovery(4, r12);
  CHECK(second.how == How::is_expression);
  CHECK(second.value == first.value);
  CHECK(built.at(4).cfa_kind == CfaKind::expression);
  CHECK(view.expression(built.recovery(4, cfa_column)).size() == 3);
}

TEST_CASE("the expression of procedure linkage tables is known by heart") {
  const ByteBuilder ld{0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22};
  CHECK(Built(ld).at(0).cfa_kind == CfaKind::plt);
  CHECK(Built(ld).at(0).cfa_offset == 11);
  const ByteBuilder other{0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x39, 0x2a, 0x33, 0x24, 0x22};
  CHECK(Built(other).at(0).cfa_offset == 9);
  const ByteBuilder nearly{0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2b, 0x33, 0x24, 0x22};
  CHECK(Built(nearly).at(0).cfa_kind == CfaKind::expression);
}

TEST_CASE("restore goes back to what the CIE said") {
  const Built built({0x80 | rbx, 2, 0x80 | rip, 3, 0x44, 0xc0 | rbx, 0x06, rip});
  CHECK(built.saved(0, rbx) == -16);
  CHECK(built.saved(0, rip) == -24);
  CHECK(built.saved(4, rbx) == 0);
  CHECK(built.saved(4, rip) == -8);
}

TEST_CASE("remember and restore nest, and the CFA comes back too") {
  const Built built({0x0a, 0x0e, 16, 0x80 | rbx, 2, 0x44, 0x0a, 0x0c, rbp, 32, 0x44, 0x0b, 0x44, 0x0b});
  CHECK(built.at(0).cfa_offset == 16);
  CHECK(built.at(4).cfa_register == rbp);
  CHECK(built.at(8).cfa_offset == 16);
  CHECK(built.saved(8, rbx) == -16);
  CHECK(built.at(12).cfa_offset == 8);
  CHECK(built.saved(12, rbx) == 0);
}

TEST_CASE("restoring what was not remembered, or remembering too much, is wrong from there on") {
  const Built nothing({0x44, 0x0b});
  CHECK(nothing.known(3));
  CHECK_FALSE(nothing.known(4));
  CHECK(nothing.table.losses.programs == 1);
  ByteBuilder much;
  for (std::size_t i = 0; i <= sonde::limits::cfi_remembered_states; ++i) much.u8(0x0a);
  CHECK(Built(much).table.losses.programs == 1);
}

TEST_CASE("a lost return address is the outermost frame") {
  CHECK((Built({0x07, rip}).at(0).flags & Rule::outermost) != 0);
  CHECK((Built({0x07, rip, 0x44, 0xc0 | rip}).at(4).flags & Rule::outermost) == 0);
  SectionBuilder silent;
  silent.fde(silent.cie("", {}, {0x0c, 7, 8}), 0x1000, 0x100, {});
  const CfiSection section = silent.section();
  const auto table = build({&section, 1});
  REQUIRE(table);
  REQUIRE(table->table.view().find(0x1000));
  CHECK((table->table.view().find(0x1000)->flags & Rule::outermost) != 0);
}

TEST_CASE("instructions that change nothing here") {
  const Built built({0x00, 0x2e, 0x10, 0x80 | 17, 1, 0x0a, 0x0b, 0x00});
  CHECK(built.at(0).cfa_offset == 8);
  CHECK(built.at(0).recoveries == 0);
  CHECK(built.table.losses.programs == 0);
  CHECK(built.table.table.view().row_count() == 1);
}

TEST_CASE("what makes a program wrong") {
  const ByteBuilder wrong[] = {
      {0x44, 0x2d},                                            // Other machines' instructions.
      {0x44, 0x3c},                                            // Unknown.
      {0x44, 0x0c, 17, 8},                                     // A CFA from a vector register.
      ByteBuilder({0x44, 0x0e}).uleb(std::uint64_t{1} << 31),  // An offset of no stack.
      ByteBuilder({0x44, 0x80 | rbx}).uleb(std::uint64_t{1} << 29),
      {0x44, 0x0e},                    // Cut short.
      {0x44, 0x0f, 5, 0x77},           // An expression longer than the program.
      {0x44, 0x0f, 1, 0x96, 0x0e, 8},  // Half a CFA, where the other half is an expression.
  };
  for (const auto& program : wrong) {
    CAPTURE(program.size());
    const Built built(program);
    CHECK(built.table.losses.programs == 1);
    CHECK(built.at(3).cfa_offset == 8);
    CHECK_FALSE(built.known(4));
    CHECK_FALSE(built.known(0xff));
  }
}

TEST_CASE("a CIE whose instructions move on is of no use") {
  SectionBuilder builder;
  builder.fde(builder.cie("", {}, at_entry().u8(0x41)), 0x1000, 0x100, {});
  const CfiSection section = builder.section();
  const auto table = build({&section, 1});
  REQUIRE(table);
  CHECK(table->losses.entries == 1);
  CHECK_FALSE(table->table.view().find(0x1000));
}

TEST_CASE("rows end with their function, whatever its instructions say") {
  const Built built({0x50, 0x0e, 16, 0x04, 0, 0, 0, 1, 0x0e, 24}, 0x20);
  CHECK(built.at(0x1f).cfa_offset == 16);
  CHECK_FALSE(built.known(0x20));
  CHECK(built.table.table.view().end_address() == 0x1020);
}

TEST_CASE("the code and data alignments are factors") {
  SectionBuilder builder;
  builder.fde(
      builder.cie_of(ByteBuilder().u8(1).text("").uleb(4).sleb(-16).u8(16).add({0x0c, 7, 8, 0x90, 1})),
      0x1000, 0x100, {0x42, 0x0e, 16});
  const CfiSection section = builder.section();
  const auto table = build({&section, 1});
  REQUIRE(table);
  CHECK(table->table.view().find(0x1007)->cfa_offset == 8);
  CHECK(table->table.view().find(0x1008)->cfa_offset == 16);
  CHECK(table->table.view().find(0x1000)->saved[6] == -2);
}

TEST_CASE("a return address in another column stands where rip does") {
  SectionBuilder builder;
  builder.fde(
      builder.cie_of(ByteBuilder().u8(1).text("").uleb(1).sleb(-8).u8(8).add({0x0c, 7, 8, 0x80 | 8, 1})),
      0x1000, 0x100, {});
  const CfiSection section = builder.section();
  const auto table = build({&section, 1});
  REQUIRE(table);
  CHECK(table->table.view().find(0x1000)->saved[6] == -1);
}
