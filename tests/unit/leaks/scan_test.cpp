#include "sonde/leaks/scan.hpp"

#include <doctest/doctest.h>

#include "unit/leaks/world.hpp"

using namespace sonde::leaks;

namespace {

constexpr std::uint64_t a = 0x100000;
constexpr std::uint64_t b = 0x200000;
constexpr std::uint64_t c = 0x300000;
constexpr std::uint64_t d = 0x400000;

// memcheck's nine cases: whether the root points to A or B, and A to B, and where.
struct Case {
  std::uint64_t from_root = 0;
  std::uint64_t from_a = 0;
  LeakClass of_a = LeakClass::definite;
  LeakClass of_b = LeakClass::definite;
};

Case classes_of(std::uint64_t from_root, std::uint64_t from_a) {
  World world;
  world.roots({from_root});
  world.block(a, 64, {1, from_a});
  world.block(b, 64, {2});
  world.scan();
  return {from_root, from_a, world.of(a), world.of(b)};
}

}  // namespace

TEST_CASE("no blocks, and no memory") {
  World world;
  CHECK(world.scan().classes.empty());
  world.block(a, 8);
  Blocks blocks;
  blocks.add({a, 24});
  blocks.seal();
  const Outcome outcome = scan({.blocks = blocks, .regions = {}, .words = {}});
  REQUIRE(outcome.classes.size() == 1);
  CHECK(outcome.classes[0] == LeakClass::definite);
  CHECK(outcome.unreadable_bytes == 24);
}

TEST_CASE("memcheck's nine cases") {
  SUBCASE("1: a root has the block") { CHECK(classes_of(b, 0).of_b == LeakClass::reachable); }
  SUBCASE("2: a root has what has it") {
    const Case is = classes_of(a, b);
    CHECK(is.of_a == LeakClass::reachable);
    CHECK(is.of_b == LeakClass::reachable);
  }
  SUBCASE("3: nothing has it") { CHECK(classes_of(0, 0).of_b == LeakClass::definite); }
  SUBCASE("4: a lost block has it") {
    const Case is = classes_of(0, b);
    CHECK(is.of_a == LeakClass::definite);
    CHECK(is.of_b == LeakClass::indirect);
  }
  SUBCASE("5: a root points into it") { CHECK(classes_of(b + 32, 0).of_b == LeakClass::possible); }
  SUBCASE("6: what a root has points into it") {
    const Case is = classes_of(a, b + 32);
    CHECK(is.of_a == LeakClass::reachable);
    CHECK(is.of_b == LeakClass::possible);
  }
  SUBCASE("7: a root points into what has it") {
    const Case is = classes_of(a + 32, b);
    CHECK(is.of_a == LeakClass::possible);
    CHECK(is.of_b == LeakClass::possible);
  }
  SUBCASE("8: a root points into what points into it") {
    const Case is = classes_of(a + 32, b + 32);
    CHECK(is.of_a == LeakClass::possible);
    CHECK(is.of_b == LeakClass::possible);
  }
  SUBCASE("9: a lost block points into it") {
    const Case is = classes_of(0, b + 32);
    CHECK(is.of_a == LeakClass::definite);
    CHECK(is.of_b == LeakClass::indirect);
  }
}

TEST_CASE("a chain of start-pointers goes before one with others, whichever is found first") {
  World world;
  world.roots({c + 8, a});
  world.block(a, 16, {b});
  world.block(b, 16, {c});
  world.block(c, 32, {5, 6, d});
  world.block(d, 16, {1});
  world.scan();
  CHECK(world.of(c) == LeakClass::reachable);
  CHECK(world.of(d) == LeakClass::reachable);
}

TEST_CASE("where a block begins and ends") {
  const auto with = [](std::uint64_t pointer) {
    World world;
    world.roots({pointer});
    world.block(a, 16, {1, 1});
    world.scan();
    return world.of(a);
  };
  CHECK(with(a - 1) == LeakClass::definite);
  CHECK(with(a) == LeakClass::reachable);
  CHECK(with(a + 1) == LeakClass::possible);
  CHECK(with(a + 15) == LeakClass::possible);
  CHECK(with(a + 16) == LeakClass::definite);
  CHECK(with(~std::uint64_t{0}) == LeakClass::definite);
}

TEST_CASE("a block of no bytes has its start") {
  World world;
  world.roots({a, b + 1});
  world.block(a, 0);
  world.block(b, 0);
  world.scan();
  CHECK(world.of(a) == LeakClass::reachable);
  CHECK(world.of(b) == LeakClass::definite);
}

TEST_CASE("adjacent blocks: the end of one is the start of the next") {
  World world;
  world.roots({a + 16});
  world.block(a, 16, {1});
  world.block(a + 16, 16, {1});
  world.block(a + 32, 16, {1});
  world.scan();
  CHECK(world.of(a) == LeakClass::definite);
  CHECK(world.of(a + 16) == LeakClass::reachable);
  CHECK(world.of(a + 32) == LeakClass::definite);
}

TEST_CASE("registers are roots") {
  World world;
  world.registers = {a, b + 8};
  world.block(a, 16);
  world.block(b, 16, {7});
  world.scan();
  CHECK(world.of(a) == LeakClass::reachable);
  CHECK(world.of(b) == LeakClass::possible);
}

TEST_CASE("only aligned words are pointers, in roots and in blocks") {
  World world;
  std::vector<std::uint64_t> words(4);
  std::memcpy(reinterpret_cast<char*>(words.data()) + 4, &a, 8);
  world.roots(words);
  world.block(a, 16);
  world.scan();
  CHECK(world.of(a) == LeakClass::definite);

  // A block that begins or ends in the middle of a word has no word there.
  World odd;
  odd.block(a, 16);
  odd.block(c, 16);
  odd.block(d, 16);
  odd.block(b + 4, 24);  // Words at b + 8 and b + 16; what is at b + 24 ends behind it.
  odd.put(b + 8, a);
  odd.put(b + 16, c);
  odd.registers = {b + 4};
  odd.scan();
  CHECK(odd.of(a) == LeakClass::reachable);
  CHECK(odd.of(c) == LeakClass::reachable);
  CHECK(odd.of(d) == LeakClass::definite);
}

TEST_CASE("regions that begin and end in the middle of words") {
  World world;
  world.block(a, 16);
  world.block(b, 16);
  std::vector<std::byte> bytes(30);
  world.memory(0x5004, 30, {}, true);  // Words at 0x5008, 0x5010, 0x5018; half of one at the end.
  world.put(0x5008, a);
  world.put(0x5018, b);
  const Outcome outcome = world.scan();
  CHECK(world.of(a) == LeakClass::reachable);
  CHECK(world.of(b) == LeakClass::reachable);
  CHECK(outcome.words_scanned == 3 + 4);
}

TEST_CASE("a block whose memory is in several pieces, with a hole") {
  World world;
  world.registers = {0x100ff0};
  Blocks blocks;
  blocks.add({0x100ff0, 0x3000});
  blocks.add({0x200000, 8});
  blocks.add({0x200010, 8});
  blocks.seal();
  std::vector<std::uint64_t> first(512);
  std::vector<std::uint64_t> second(512);
  first[511] = 0x200000;
  second[0] = 0x200010;
  const Region regions[] = {{0x100000, std::as_bytes(std::span(first)), false},
                            {0x102000, std::as_bytes(std::span(second)), false}};
  const Outcome outcome = scan({.blocks = blocks, .regions = regions, .words = world.registers});
  CHECK(outcome.classes[1] == LeakClass::reachable);
  CHECK(outcome.classes[2] == LeakClass::reachable);
  CHECK(outcome.unreadable_bytes == 0x1000 + 0xff0 + 16);  // The hole, the end, and the two small blocks.
}

TEST_CASE("a root region is looked at where no block is") {
  World world;
  // The region holds two blocks, the first of which begins before it.
  Blocks blocks;
  for (const Block block : {Block{0x4ff0, 0x20}, Block{0x5020, 0x10}, Block{0x6000, 8}, Block{0x6010, 8},
                            Block{0x6020, 8}, Block{0x6030, 8}}) {
    REQUIRE(blocks.add(block));
  }
  blocks.seal();
  std::vector<std::uint64_t> words(8);
  words[1] = 0x6000;  // In the first block.
  words[2] = 0x6010;  // Between them.
  words[4] = 0x6020;  // In the second.
  words[7] = 0x6030;  // Behind both.
  const Region regions[] = {{0x5000, std::as_bytes(std::span(words)), true}};
  const Outcome outcome = scan({.blocks = blocks, .regions = regions, .words = {}});
  CHECK(outcome.classes[2] == LeakClass::indirect);
  CHECK(outcome.classes[3] == LeakClass::reachable);
  CHECK(outcome.classes[4] == LeakClass::indirect);
  CHECK(outcome.classes[5] == LeakClass::reachable);
  CHECK(outcome.leader_of(2) == 0);
  CHECK(outcome.leader_of(4) == 1);
}

TEST_CASE("regions that overlap are left out") {
  World world;
  Blocks blocks;
  blocks.add({0x6000, 8});
  blocks.seal();
  const std::uint64_t words[] = {0, 0x6000};
  const sonde::Bytes bytes = std::as_bytes(std::span(words));
  const Region regions[] = {{0x5000, bytes.first(8), true},
                            {0x5004, bytes, true},
                            {~std::uint64_t{0} - 7, bytes, true},
                            {std::uint64_t{1} << 63, bytes, true}};
  const Outcome outcome = scan({.blocks = blocks, .regions = regions, .words = {}});
  CHECK(outcome.regions_left_out == 3);
  CHECK(outcome.classes[0] == LeakClass::definite);
}

TEST_CASE("a tree has one leader") {
  World world;
  world.block(c, 24, {a, b});
  world.block(a, 24, {d});
  world.block(b, 40, {d + 8});
  world.block(d, 8);
  const Outcome outcome = world.scan();
  CHECK(world.of(c) == LeakClass::definite);
  for (const std::uint64_t child : {a, b, d}) {
    CHECK(world.of(child) == LeakClass::indirect);
    CHECK(world.leader_of(child) == c);
  }
  REQUIRE(outcome.kept.size() == 1);
  CHECK(outcome.kept[0].kept_blocks == 3);
  CHECK(outcome.kept[0].kept_bytes == 72);
  CHECK(outcome.total(LeakClass::definite).bytes == 24);
  CHECK(outcome.total(LeakClass::indirect).blocks == 3);
}

TEST_CASE("circles") {
  World world;
  SUBCASE("of itself") {
    world.block(a, 16, {a});
    world.scan();
    CHECK(world.of(a) == LeakClass::definite);
  }
  SUBCASE("of two: the one with the lower address leads") {
    world.block(a, 16, {b});
    world.block(b, 16, {a});
    world.scan();
    CHECK(world.of(a) == LeakClass::definite);
    CHECK(world.of(b) == LeakClass::indirect);
    CHECK(world.leader_of(b) == a);
  }
  SUBCASE("of two, held by a third one that comes later") {
    world.block(a, 16, {b});
    world.block(b, 16, {a});
    world.block(c, 16, {b});
    const Outcome outcome = world.scan();
    CHECK(world.of(a) == LeakClass::indirect);
    CHECK(world.of(b) == LeakClass::indirect);
    CHECK(world.of(c) == LeakClass::definite);
    REQUIRE(outcome.kept.size() == 1);
    CHECK(outcome.kept[0].kept_blocks == 2);
  }
  SUBCASE("one that holds another") {
    world.block(a, 16, {b});
    world.block(b, 16, {a});
    world.block(c, 16, {d, a});
    world.block(d, 16, {c});
    world.scan();
    CHECK(world.of(c) == LeakClass::definite);
    for (const std::uint64_t other : {a, b, d}) CHECK(world.leader_of(other) == c);
  }
}

TEST_CASE("what two leaders hold is counted once") {
  World world;
  world.block(a, 16, {c});
  world.block(b, 16, {c});
  world.block(c, 16);
  const Outcome outcome = world.scan();
  CHECK(world.of(a) == LeakClass::definite);
  CHECK(world.of(b) == LeakClass::definite);
  CHECK(world.leader_of(c) == b);
  REQUIRE(outcome.kept.size() == 1);
  CHECK(outcome.kept[0].kept_blocks == 1);
}

TEST_CASE("a list of a million blocks") {
  constexpr std::uint64_t count = 1'000'000;
  std::vector<std::uint64_t> memory(count * 4);
  Blocks blocks;
  for (std::uint64_t i = 0; i < count; ++i) {
    memory[i * 4] = a + ((i * 7919 + 1) % count) * 32;
    blocks.add({a + i * 32, 24});
  }
  blocks.seal();
  const Region regions[] = {{a, std::as_bytes(std::span(memory)), false}};
  SUBCASE("lost: a way through all of them, and in a circle") {
    const Outcome outcome = scan({.blocks = blocks, .regions = regions, .words = {}});
    CHECK(outcome.total(LeakClass::definite).blocks > 0);
    CHECK(outcome.total(LeakClass::definite).blocks + outcome.total(LeakClass::indirect).blocks == count);
    std::uint64_t kept = 0;
    for (const Leader& leader : outcome.kept) kept += leader.kept_blocks;
    CHECK(kept == outcome.total(LeakClass::indirect).blocks);
  }
  SUBCASE("held at one end") {
    for (std::uint64_t i = 0; i < count; ++i) memory[i * 4] = i == 0 ? 0 : a + (i - 1) * 32;
    const std::uint64_t last[] = {a + (count - 1) * 32};
    const Outcome outcome = scan({.blocks = blocks, .regions = regions, .words = last});
    CHECK(outcome.total(LeakClass::reachable).blocks == count);
    const Outcome lost = scan({.blocks = blocks, .regions = regions, .words = {}});
    CHECK(lost.total(LeakClass::definite).blocks == 1);
    REQUIRE(lost.kept.size() == 1);
    CHECK(lost.kept[0].index == count - 1);
    CHECK(lost.kept[0].kept_bytes == 24 * (count - 1));
  }
}
