// Expressions: each operation, through a CFA that is computed by it.
#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "unit/unwind/fake_process.hpp"

using namespace sonde::unwind;
using namespace sonde::unwind::test;

namespace {

constexpr std::uint64_t stack = FakeProcess::stack;
const ByteBuilder outermost{0x07, 16};

// The value of an expression, as the frame that a walk finds by it; r12's value is what it may read in a
// register, and the words at stack + 0x700 and behind are 0x0123456789abcdef and small numbers. Empty when
// the walk ends there.
std::optional<std::uint64_t> value_of(const ByteBuilder& expression, const ByteBuilder& before = {}) {
  FakeProcess process;
  // The return address is what the expression says, the CFA is as at an entry.
  process.function(0x1000, ByteBuilder({0x16, 16}).uleb(expression.size()).add(expression).add(before));
  process.registers[Register::rip] = FakeProcess::bias + 0x1080;
  process.registers[Register::rsp] = stack;
  process.registers[Register::r12] = 5;
  process.memory.put(stack + 0x700, 0x0123456789abcdef);
  const Walk walk = process.walk();
  if (walk.end == End::unreadable_memory) return std::nullopt;
  return walk.frames == 1 ? 0 : process.frames[1].pc.value;
}

ByteBuilder two(std::int64_t below, std::int64_t top, int operation) {
  return ByteBuilder({0x11}).sleb(below).u8(0x11).sleb(top).u8(static_cast<std::uint64_t>(operation));
}

}  // namespace

TEST_CASE("constants") {
  CHECK(value_of({0x30 + 7}) == 7);
  CHECK(value_of({0x4f}) == 31);
  CHECK(value_of({0x08, 0xff}) == 0xff);
  CHECK(value_of({0x09, 0xff}) == ~std::uint64_t{0});
  CHECK(value_of({0x0a, 0xfe, 0xff}) == 0xfffe);
  CHECK(value_of({0x0b, 0xfe, 0xff}) == ~std::uint64_t{1});
  CHECK(value_of({0x0c, 0xfe, 0xff, 0xff, 0xff}) == 0xfffffffe);
  CHECK(value_of({0x0d, 0xfe, 0xff, 0xff, 0xff}) == ~std::uint64_t{1});
  CHECK(value_of(ByteBuilder({0x0e}).u64(0x8877665544332211)) == 0x8877665544332211);
  CHECK(value_of(ByteBuilder({0x0f}).u64(0x8877665544332211)) == 0x8877665544332211);
  CHECK(value_of(ByteBuilder({0x10}).uleb(300)) == 300);
  CHECK(value_of(ByteBuilder({0x11}).sleb(-300)) == 0 - std::uint64_t{300});
  CHECK(value_of(ByteBuilder({0x03}).u64(0x2000)) == 0x2000 + FakeProcess::bias);
}

TEST_CASE("the stack's own operations; the CFA is on it to begin with") {
  CHECK(value_of({0x96}) == stack + 8);
  CHECK(value_of({0x33, 0x12, 0x22}) == 6);           // dup
  CHECK(value_of({0x33, 0x34, 0x13}) == 3);           // drop
  CHECK(value_of({0x33, 0x34, 0x14}) == 3);           // over
  CHECK(value_of({0x33, 0x34, 0x35, 0x15, 2}) == 3);  // pick
  CHECK(value_of({0x33, 0x34, 0x16}) == 3);           // swap
  CHECK(value_of({0x33, 0x34, 0x35, 0x17}) == 4);     // rot: the top becomes the third
  CHECK(value_of({0x33, 0x34, 0x35, 0x17, 0x13}) == 3);
  CHECK(value_of({0x33, 0x34, 0x35, 0x17, 0x13, 0x13}) == 5);
}

TEST_CASE("arithmetic") {
  const auto minus = [](std::int64_t value) { return static_cast<std::uint64_t>(-value); };
  CHECK(value_of({0x11, 0x7d, 0x19}) == 3);  // abs
  CHECK(value_of({0x33, 0x19}) == 3);
  CHECK(value_of(two(12, 10, 0x1a)) == 8);        // and
  CHECK(value_of(two(-7, 2, 0x1b)) == minus(3));  // div
  CHECK(value_of(two(-7, -1, 0x1b)) == 7);
  CHECK(value_of(two(7, 9, 0x1c)) == minus(2));                 // minus
  CHECK(value_of(two(17, 5, 0x1d)) == 2);                       // mod
  CHECK(value_of(two(-3, 5, 0x1e)) == minus(15));               // mul
  CHECK(value_of({0x33, 0x1f}) == minus(3));                    // neg
  CHECK(value_of({0x33, 0x20}) == ~std::uint64_t{3});           // not
  CHECK(value_of(two(12, 10, 0x21)) == 14);                     // or
  CHECK(value_of(two(12, -10, 0x22)) == 2);                     // plus
  CHECK(value_of(ByteBuilder({0x33, 0x23}).uleb(400)) == 403);  // plus_uconst
  CHECK(value_of(two(3, 4, 0x24)) == 48);                       // shl
  CHECK(value_of(two(3, 64, 0x24)) == 0);
  CHECK(value_of(two(-1, 60, 0x25)) == 15);  // shr
  CHECK(value_of(two(-1, 64, 0x25)) == 0);
  CHECK(value_of(two(-16, 2, 0x26)) == minus(4));  // shra
  CHECK(value_of(two(-16, 70, 0x26)) == minus(1));
  CHECK(value_of(two(12, 10, 0x27)) == 6);  // xor
}

TEST_CASE("comparisons are signed") {
  struct Case {
    int operation;
    bool less, equal, greater;
  };
  for (const Case& c :
       {Case{0x29, false, true, false}, Case{0x2a, false, true, true}, Case{0x2b, false, false, true},
        Case{0x2c, true, true, false}, Case{0x2d, true, false, false}, Case{0x2e, true, false, true}}) {
    CAPTURE(c.operation);
    CHECK(value_of(two(-2, 1, c.operation)) == (c.less ? 1 : 0));
    CHECK(value_of(two(1, 1, c.operation)) == (c.equal ? 1 : 0));
    CHECK(value_of(two(1, -2, c.operation)) == (c.greater ? 1 : 0));
  }
}

TEST_CASE("registers and memory") {
  CHECK(value_of({0x70 + 12, 3}) == 8);
  CHECK(value_of({0x92, 12, 0x7d}) == 2);
  CHECK(value_of(ByteBuilder({0x77}).sleb(0x700).u8(0x06)) == 0x0123456789abcdef);
  CHECK(value_of(ByteBuilder({0x77}).sleb(0x700).add({0x94, 8})) == 0x0123456789abcdef);
  CHECK(value_of(ByteBuilder({0x77}).sleb(0x700).add({0x94, 4})) == 0x89abcdef);
  CHECK(value_of(ByteBuilder({0x77}).sleb(0x701).add({0x94, 1})) == 0xcd);
}

TEST_CASE("branches, forwards and backwards") {
  CHECK(value_of({0x35, 0x31, 0x28, 1, 0, 0x36}) == 5);  // Taken.
  CHECK(value_of({0x35, 0x30, 0x28, 1, 0, 0x36}) == 6);  // Not taken.
  CHECK(value_of({0x35, 0x2f, 1, 0, 0x36}) == 5);        // skip
  // Counts 5 down to 0: lit5, then lit1 minus dup bra back.
  CHECK(value_of({0x35, 0x31, 0x1c, 0x12, 0x28, 0xfa, 0xff}) == 0);
}

TEST_CASE("what cannot be evaluated loses the register") {
  ByteBuilder deep;
  for (std::size_t i = 0; i < sonde::limits::cfi_expression_stack; ++i) deep.u8(0x31);  // And the CFA.
  const ByteBuilder wrong[] = {
      {0x13},              // The stack is empty in the end.
      {0x13, 0x13},        // Nothing to drop.
      {0x13, 0x06},        // No address.
      {0x31, 0x15, 2},     // Nothing so deep.
      {0x31, 0x30, 0x1b},  // By zero.
      {0x31, 0x30, 0x1d},
      {0x2f, 0xfd, 0xff},  // For ever.
      {0x2f, 0xfc, 0xff},  // To before its begin.
      {0x2f, 1, 0},        // To behind its end.
      {0x0e, 1},           // Cut short.
      {0x70 + 17, 0},      // No register that is tracked.
      {0x92, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0},
      {0x94, 9},  // Too wide.
      {0x94, 0},
      {0x30, 0x06},  // Unreadable.
      {0x50},        // A location, not a value.
      {0x97},        // push_object_address
      {0x9c},        // call_frame_cfa would ask for itself.
      {0xe0},        // Unknown.
      deep,
  };
  for (const auto& expression : wrong) {
    CAPTURE(std::to_integer<int>(expression.bytes()[0]));
    CAPTURE(expression.size());
    CHECK_FALSE(value_of(expression));
  }
}

TEST_CASE("an expression that is too long makes its program wrong") {
  ByteBuilder nops;
  for (std::size_t i = 0; i <= sonde::limits::cfi_expression_bytes; ++i) nops.u8(0x96);
  const auto builder = one_function(ByteBuilder({0x0f}).uleb(nops.size()).add(nops));
  const CfiSection section = builder.section();
  const auto table = build({&section, 1});
  REQUIRE(table);
  CHECK(table->losses.programs == 1);
}
