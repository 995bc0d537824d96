// Graphs made up at random, against the definitions; and each heuristic.
#include <random>

#include <doctest/doctest.h>

#include "unit/leaks/reference.hpp"
#include "unit/leaks/world.hpp"

using namespace sonde::leaks;

namespace {

constexpr Heuristics none{false, false, false, false};

// Blocks of all sizes and distances, which begin and end anywhere, in memory with holes; words that point to
// them, next to them and nowhere.
class RandomHeap {
 public:
  struct Shape {
    std::uint64_t blocks = 60;
    std::uint64_t size = 80;
    std::uint64_t alignment = 1;
    unsigned pointers = 3;  // One in so many words.
  };
  explicit RandomHeap(unsigned seed) : RandomHeap(seed, {}) {}
  RandomHeap(unsigned seed, Shape shape) : random_(seed), shape_(shape) {
    std::uint64_t at = 0x10000 + below(16);
    for (std::uint64_t i = below(shape.blocks); i > 0; --i) {
      at = (at + shape.alignment - 1) / shape.alignment * shape.alignment;
      const std::uint64_t size = below(8) == 0 ? 0 : below(shape.size);
      blocks_.push_back({at, size});
      at += std::max<std::uint64_t>(size, 1) + (below(3) == 0 ? below(200) : 0);
      if (below(20) == 0) at += std::uint64_t{1} << (12 + below(24));
    }
    for (const Block& block : blocks_) make_region(block.address - below(40), block.size + below(80));
    make_region(std::uint64_t{1} << 46, 8 * below(20));
    for (std::uint64_t i = below(4); i > 0; --i) registers_.push_back(pointer());
  }

  void check() {
    Blocks blocks;
    for (const Block& block : blocks_) REQUIRE(blocks.add(block));
    blocks.seal();
    std::vector<Region> regions;
    for (const auto& piece : pieces_) regions.push_back({piece.begin, piece.bytes, piece.root});
    const Outcome outcome =
        scan({.blocks = blocks, .regions = regions, .words = registers_, .code = {}, .heuristics = none});
    const Reference reference(blocks_, regions, registers_);
    CHECK(outcome.classes == reference.classes());
    std::uint64_t kept = 0;
    for (const Leader& leader : outcome.kept) kept += leader.kept_blocks;
    CHECK(kept == outcome.total(LeakClass::indirect).blocks);
    for (std::uint32_t i = 0; i < blocks_.size(); ++i) {
      const std::uint32_t leader = outcome.leader_of(i);
      if (outcome.classes[i] != LeakClass::indirect) {
        CHECK(leader == i);
        continue;
      }
      CHECK(outcome.classes[leader] == LeakClass::definite);
      CHECK(reference.leads_to(leader, i));
    }
    for (std::uint64_t i = 0; i < 100; ++i) {
      const std::uint64_t word = pointer();
      std::uint32_t found = Blocks::none;
      for (std::uint32_t k = 0; k < blocks_.size(); ++k)
        if (word >= blocks_[k].address && word < blocks_[k].end()) found = k;
      CHECK(blocks.find(word) == found);
    }
  }

 private:
  struct Piece {
    std::uint64_t begin;
    std::vector<std::byte> bytes;
    bool root;
  };

  std::uint64_t below(std::uint64_t bound) { return random_() % std::max<std::uint64_t>(bound, 1); }
  std::uint64_t pointer() {
    if (blocks_.empty() || below(4) == 0) return random_();
    const Block& block = blocks_[below(blocks_.size())];
    return below(3) != 0 ? block.address : block.address - 2 + below(block.size + 4);
  }
  void make_region(std::uint64_t begin, std::uint64_t size) {
    if (!pieces_.empty()) {
      const std::uint64_t end = pieces_.back().begin + pieces_.back().bytes.size();
      if (begin < end) size -= std::min(size, end - begin);
      begin = std::max(begin, end);
    }
    if (size == 0) return;
    Piece piece{begin, std::vector<std::byte>(size), below(6) == 0};
    for (std::uint64_t at = (begin + 7) / 8 * 8; at + 8 <= begin + size; at += 8) {
      const std::uint64_t word = pointer();
      if (below(shape_.pointers) == 0) std::memcpy(piece.bytes.data() + (at - begin), &word, 8);
    }
    pieces_.push_back(std::move(piece));
  }

  std::mt19937_64 random_;
  Shape shape_;
  std::vector<Block> blocks_;
  std::vector<Piece> pieces_;
  std::vector<std::uint64_t> registers_;
};

// How a block with these words is found by a pointer so many bytes into it.
LeakClass found_at(std::uint64_t offset, std::uint64_t size, const std::vector<std::uint64_t>& words,
                   const Heuristics& heuristics = {}) {
  World world;
  world.heuristics = heuristics;
  world.block(0x100000, size, words);
  world.registers = {0x100000 + offset};
  // Two vtables, and what is none: one function, and a pointer to data.
  world.memory(0x300000, 64, {0, 0x400010, 0x400020}, false);
  world.memory(0x300100, 32, {0x400010, 0x400020}, false);
  world.memory(0x300200, 32, {0x400010, 0x300000}, false);
  world.code = {{0x200000, 0x201000}, {0x400000, 0x401000}};
  world.scan();
  return world.of(0x100000);
}

}  // namespace

TEST_CASE("graphs at random are classed by the definitions") {
  for (unsigned seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    RandomHeap(seed).check();
  }
}

TEST_CASE("and so where blocks are aligned, and some are large") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    const std::uint64_t alignment = std::uint64_t{4} << seed % 4;
    RandomHeap(seed, {.blocks = 200, .size = 80, .alignment = alignment}).check();
    RandomHeap(seed, {.size = 1500, .alignment = alignment}).check();
  }
}

// More of them than are noted.
TEST_CASE("and so where each word is a pointer") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    RandomHeap(seed, {.blocks = 600, .size = 600, .alignment = 8, .pointers = 1}).check();
  }
}

TEST_CASE("a string of before C++11 is held by its characters") {
  CHECK(found_at(24, 24 + 10 + 1, {7, 10, 0}) == LeakClass::reachable);
  CHECK(found_at(24, 24 + 10 + 1, {11, 10, 0}) == LeakClass::possible);  // Longer than its capacity.
  CHECK(found_at(24, 24 + 10 + 2, {7, 10, 0}) == LeakClass::possible);
  CHECK(found_at(16, 24 + 10 + 1, {7, 10, 0}) == LeakClass::possible);
  CHECK(found_at(24, 24 + 10 + 1, {7, 10, 0}, none) == LeakClass::possible);
}

TEST_CASE("a block is held behind its length") {
  const Heuristics length{false, true, false, false};
  CHECK(found_at(8, 48, {40}, length) == LeakClass::reachable);
  CHECK(found_at(8, 48, {41}, length) == LeakClass::possible);
  CHECK(found_at(16, 48, {40}, length) == LeakClass::possible);
  CHECK(found_at(8, 8 + 1, {1}, length) == LeakClass::reachable);
}

TEST_CASE("an array is held behind the number of its elements") {
  const Heuristics array{false, false, true, false};
  CHECK(found_at(8, 8 + 3 * 24, {3}, array) == LeakClass::reachable);
  CHECK(found_at(8, 8 + 3 * 24, {7}, array) == LeakClass::possible);
  CHECK(found_at(8, 8 + 3 * 24, {0}, array) == LeakClass::possible);
  CHECK(found_at(8, 8 + 3 * 24, {3}, none) == LeakClass::possible);
  // Of no elements: the pointer is behind the block.
  CHECK(found_at(8, 8, {0}, array) == LeakClass::reachable);
  CHECK(found_at(8, 8, {1}, array) == LeakClass::definite);
  CHECK(found_at(8, 8, {0}, none) == LeakClass::definite);
}

TEST_CASE("sizes that malloc has rounded up hide no string, length or number of elements") {
  const Heuristics rounded{.multiple_inheritance = false, .rounded_sizes = true};
  // 35 bytes make 40, or 56 where the rest would be no chunk.
  for (const std::uint64_t size : {35U, 40U, 56U})
    CHECK(found_at(24, size, {7, 10, 0}, rounded) == LeakClass::reachable);
  CHECK(found_at(24, 34, {7, 10, 0}, rounded) == LeakClass::possible);
  CHECK(found_at(24, 72, {7, 10, 0}, rounded) == LeakClass::possible);
  CHECK(found_at(24, 56, {7, ~std::uint64_t{0}, 0}, rounded) == LeakClass::possible);
  CHECK(found_at(8, 1112, {1093}, rounded) == LeakClass::reachable);
  CHECK(found_at(8, 1112, {1105}, rounded) == LeakClass::possible);
  CHECK(found_at(8, 1144, {1093}, rounded) == LeakClass::possible);
  CHECK(found_at(8, 1112, {~std::uint64_t{0} - 7}, rounded) == LeakClass::possible);
  CHECK(found_at(8, 4 * 4096 - 16, {3 * 4096}, rounded) == LeakClass::reachable);
  CHECK(found_at(8, 5 * 4096 - 16, {3 * 4096}, rounded) == LeakClass::possible);
  // 71 elements of 24 bytes.
  CHECK(found_at(8, 1720, {71}, rounded) == LeakClass::reachable);
  CHECK(found_at(8, 1720, {91}, rounded) == LeakClass::possible);
  CHECK(found_at(8, 24, {20}, rounded) == LeakClass::possible);
}

TEST_CASE("an object is held by its second base") {
  const Heuristics bases{false, false, false, true};
  CHECK(found_at(16, 32, {0x300000, 1, 0x300100}, bases) == LeakClass::reachable);
  CHECK(found_at(16, 32, {0x300000, 1, 0x300200}, bases) == LeakClass::possible);  // No vtable.
  CHECK(found_at(16, 32, {0x300001, 1, 0x300100}, bases) == LeakClass::possible);
  CHECK(found_at(16, 32, {1, 1, 0x300100}, bases) == LeakClass::possible);
  CHECK(found_at(17, 32, {0x300000, 1, 0x300100}, bases) == LeakClass::possible);
  CHECK(found_at(16, 32, {0x300000, 1, 0x300100}, none) == LeakClass::possible);
}

TEST_CASE("blocks that cannot be are not taken") {
  Blocks blocks;
  CHECK(blocks.add({0x1000, 16}));
  CHECK_FALSE(blocks.add({0x1000, 16}));
  CHECK_FALSE(blocks.add({0x100f, 1}));
  CHECK_FALSE(blocks.add({0x800, 1}));
  CHECK_FALSE(blocks.add({std::uint64_t{1} << 63, 1}));
  CHECK_FALSE(blocks.add({0x2000, ~std::uint64_t{0}}));
  CHECK(blocks.add({0x2000, std::uint64_t{1} << 40}));
  CHECK(blocks.add({(std::uint64_t{1} << 40) + 0x2000, 0}));
  blocks.seal();
  CHECK(blocks[1].size == std::uint64_t{1} << 40);
  CHECK(blocks.find(0x2000 + (std::uint64_t{1} << 39)) == 1);
  CHECK(blocks.find((std::uint64_t{1} << 40) + 0x2000) == 2);
  CHECK(blocks.find((std::uint64_t{1} << 40) + 0x2001) == Blocks::none);
  CHECK(blocks.find(0x1010) == Blocks::none);
  CHECK(blocks.first_from(0x1001) == 1);
  CHECK(blocks.first_from(~std::uint64_t{0}) == 3);
}
