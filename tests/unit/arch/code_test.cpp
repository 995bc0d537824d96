#include "sonde/arch/code.hpp"

#include <cstring>

#include <doctest/doctest.h>

using namespace sonde;
using namespace sonde::arch;

namespace {

constexpr std::uint64_t from = 0x7f0000001000;
constexpr std::uint64_t to = 0x7f0000009000;

using Code8 = std::vector<std::uint8_t>;

Bytes bytes_of(const Code8& code) { return std::as_bytes(std::span(code)); }

const Code& code() {
  static const Code made = *Code::make();
  return made;
}

// Where the jump or branch at `offset` of the moved code leads.
std::uint64_t target_at(const MovedInstruction& moved, std::size_t offset) {
  const auto decoded = code().decode(Bytes(moved.code).subspan(offset), to + offset);
  REQUIRE(decoded);
  return decoded->target;
}

}  // namespace

TEST_CASE("where instructions lead") {
  const auto flow = [](const Code8& bytes) { return code().decode(bytes_of(bytes), from)->flow; };
  CHECK(flow({0x41, 0x54}) == Flow::onward);  // push r12
  CHECK(flow({0xc3}) == Flow::ret);
  CHECK(flow({0xf3, 0xc3}) == Flow::ret);
  CHECK(flow({0xeb, 0x10}) == Flow::jump);
  CHECK(flow({0x74, 0x10}) == Flow::branch);
  CHECK(flow({0xe3, 0x10}) == Flow::branch);                     // jrcxz
  CHECK(flow({0xff, 0x25, 0, 0, 0, 0}) == Flow::jump_anywhere);  // jmp [rip]
  CHECK(flow({0x0f, 0x0b}) == Flow::trap);                       // ud2
  CHECK(flow({0xe8, 0, 0, 0, 0}) == Flow::onward);               // call
  CHECK(code().decode(bytes_of({0xeb, 0x10}), from)->target == from + 0x12);
  CHECK(code().decode(bytes_of({0x0f, 0x84, 0xf0, 0xff, 0xff, 0xff}), from)->target == from - 10);
  CHECK_FALSE(code().decode(bytes_of({0x06}), from));
  CHECK_FALSE(code().decode({}, from));
}

TEST_CASE("an instruction that refers to nothing near is copied, and jumps back") {
  const auto moved = code().move(bytes_of({0x41, 0x54, 0x55}), from, to);
  REQUIRE(moved);
  CHECK(moved->executed_at == 2);
  REQUIRE(moved->code.size() == 7);
  CHECK(moved->code[1] == std::byte{0x54});
  CHECK(target_at(*moved, 2) == from + 2);
}

TEST_CASE("an operand that is relative to the pc means the same memory elsewhere") {
  const Code8 compare{0x80, 0x3d, 0x00, 0x20, 0x00, 0x00, 0x00};  // cmp byte ptr [rip + 0x2000], 0
  const auto moved = code().move(bytes_of(compare), from, to);
  REQUIRE(moved);
  CHECK(moved->executed_at == compare.size());
  std::int32_t displacement;
  std::memcpy(&displacement, moved->code.data() + 2, sizeof displacement);
  CHECK(to + compare.size() + static_cast<std::uint64_t>(std::int64_t{displacement}) ==
        from + compare.size() + 0x2000);
}

TEST_CASE("branches become long ones, and go on behind themselves when not taken") {
  for (const Code8& branch : {Code8{0x74, 0x10}, Code8{0x0f, 0x84, 0x0c, 0, 0, 0}}) {
    const auto moved = code().move(bytes_of(branch), from, to);
    REQUIRE(moved);
    CHECK(moved->code[1] == std::byte{0x84});
    CHECK(target_at(*moved, 0) == from + 0x12);
    CHECK(moved->executed_at == 6);
    CHECK(target_at(*moved, 6) == from + branch.size());
  }
  const auto jump = code().move(bytes_of({0xe9, 0x00, 0x01, 0, 0}), from, to);
  REQUIRE(jump);
  CHECK(jump->executed_at == 0);
  CHECK(target_at(*jump, 0) == from + 0x105);
}

TEST_CASE("what leads elsewhere by itself needs no jump back") {
  CHECK(code().move(bytes_of({0xc3}), from, to)->code.size() == 1);
  CHECK(code().move(bytes_of({0xff, 0x25, 0, 0, 0, 0}), from, to)->code.size() == 6);
}

TEST_CASE("what cannot run elsewhere is left") {
  CHECK_FALSE(code().move(bytes_of({0xe8, 0, 0, 0, 0}), from, to));  // call
  CHECK_FALSE(code().move(bytes_of({0xe3, 0x10}), from, to));        // jrcxz
  CHECK_FALSE(code().move(bytes_of({0xcc}), from, to));              // int3
  CHECK_FALSE(code().move(bytes_of({0x55}), from, from + (std::uint64_t{3} << 30)));
  CHECK_FALSE(code().move(bytes_of({0x80, 0x3d, 0, 0x20, 0, 0, 0}), from, from - (std::uint64_t{3} << 30)));
}
