#include "sonde/glibc_heap/walk.hpp"

#include <algorithm>
#include <ios>
#include <optional>
#include <ostream>
#include <string>

#include <doctest/doctest.h>

#include "tests/glibc_heap/made_up.hpp"

namespace sonde::glibc_heap {

// For doctest's messages.
std::ostream& operator<<(std::ostream& out, const Block& block) {
  return out << std::hex << block.address.value << '+' << block.size;
}

namespace {

using namespace test;

// Of sound_process(), the chunks of main_arena in their order.
constexpr Address first{brk + 0x290};
constexpr Address second{first + 32};
constexpr Address cached{second + 48};
constexpr Address fast{cached + 64};
constexpr Address free_chunk{fast + 48};
constexpr Address small{free_chunk + 1056};
constexpr Address last{small + 32};
constexpr Address top{last + 48};
constexpr Address thread_block{thread_chunks + 0x290};

Block block(Address chunk, std::uint64_t chunk_size) { return {chunk + 16, chunk_size - 8}; }

std::vector<Block> sound_blocks() {
  return {block(first, 32), block(second, 48),       block(small, 32),
          block(last, 48),  block(thread_block, 96), {mapped + 16, 0x2000 - 16}};
}

HeapWalk walked(const MadeUp& process, bool symbols = true, bool threads = true) {
  auto walked = walk(process.process(symbols, threads));
  REQUIRE(walked.has_value());
  return *std::move(walked);
}

bool has_note(const HeapWalk& walk, std::string_view text) {
  return std::ranges::any_of(walk.notes,
                             [&](const std::string& note) { return note.find(text) != note.npos; });
}

// The first one that one of them has and the other not.
std::optional<Block> difference(const std::vector<Block>& found,
                                const std::vector<Block>& wanted = sound_blocks()) {
  const auto at = std::ranges::mismatch(found, wanted);
  if (at.in1 != found.end()) return *at.in1;
  if (at.in2 != wanted.end()) return *at.in2;
  return std::nullopt;
}

bool has_block(const HeapWalk& walk, Block wanted) {
  return std::ranges::find(walk.blocks, wanted) != walk.blocks.end();
}

}  // namespace

TEST_CASE("a sound heap is walked with symbols and without, with threads and without") {
  for (const bool symbols : {true, false}) {
    for (const bool threads : {true, false}) {
      const HeapWalk walk = walked(sound_process(), symbols, threads);
      CHECK(walk.notes.empty());
      CHECK(difference(walk.blocks).value_or(Block{}) == Block{});
      CHECK(walk.totals.arenas == 2);
      CHECK(walk.totals.system_mem == 0x4000 + 0x3000);
      CHECK(walk.totals.tcache == Count{1, 64});
      CHECK(walk.totals.fastbin == Count{1, 48});
      CHECK(walk.totals.bins == Count{1, 1056});
      CHECK(walk.totals.mapped == Count{1, 0x2000});
      CHECK(walk.totals.in_use.chunks == 6);
      CHECK(walk.owned == std::vector<Range>{{brk, brk + 0x4000},
                                             {thread_heap, thread_heap + 0x3000},
                                             {mapped, mapped + 0x2000}});
      CHECK(walk.ignored == std::vector<Range>{{mp, mp + 0x88}, {main_arena, main_arena + 0x898}});
    }
  }
}

TEST_CASE("what lies outside of a heap is not the allocator's") {
  MadeUp process = sound_process();
  process.put(mapped + 8, 0x4002);  // Larger than its mapping.
  const HeapWalk walk = walked(process);
  CHECK(walk.totals.mapped.chunks == 0);
  CHECK(has_note(walk, "malloc has counted 1 mapped blocks"));
}

TEST_CASE("an aligned mapped block begins behind the beginning of its mapping") {
  MadeUp process = sound_process();
  process.put(mapped + 0x30, {0x30, (0x2000 - 0x30) | 2});
  CHECK(has_block(walked(process), {mapped + 0x40, 0x2000 - 0x40}));
}

TEST_CASE("a damaged size costs the chunk that has it, not those behind it") {
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{0x7fffffff0}, std::uint64_t{24}, std::uint64_t{34}}) {
    MadeUp process = sound_process();
    process.put(second + 8, size);
    const HeapWalk walk = walked(process);
    CHECK(has_note(walk, "cannot have"));
    CHECK(has_block(walk, block(last, 48)));
    CHECK(walk.totals.top.chunks == 2);
    // What was not understood may be anybody's.
    CHECK(std::ranges::none_of(walk.owned, [](const Range& range) { return range.contains(second + 8); }));
  }
}

TEST_CASE("lists that run in circles, or elsewhere, end there") {
  MadeUp process = sound_process();
  SUBCASE("a fastbin's chunk is its own next") {
    process.put(fast + 16, ((fast.value + 16) >> 12) ^ fast.value);
    CHECK(has_note(walked(process), "a second time"));
  }
  SUBCASE("a cache's chunk is its own next") {
    process.put(cached + 16, ((cached.value + 16) >> 12) ^ (cached.value + 16));
    CHECK(has_note(walked(process), "goes on behind its 1 chunks"));
  }
  SUBCASE("a fastbin leads out of the heap") {
    process.put(fast + 16, ((fast.value + 16) >> 12) ^ libc_data.value);
    CHECK(has_note(walked(process), "where no chunk of 48 bytes is"));
  }
  CHECK(difference(walked(process).blocks).value_or(Block{}) == Block{});
}

TEST_CASE("a list into the middle of a block does not take the block away") {
  MadeUp process = sound_process();
  const Address inside = last + 16;
  process.put(inside + 8, 48);
  process.put(fast + 16, ((fast.value + 16) >> 12) ^ inside.value);
  process.put(inside + 16, (inside.value + 16) >> 12);
  const HeapWalk walk = walked(process);
  CHECK(difference(walk.blocks).value_or(Block{}) == Block{});
  CHECK(has_note(walk, "are no chunks of the heap"));
}

TEST_CASE("top that lies beyond the heap, or is too large") {
  MadeUp process = sound_process();
  SUBCASE("beyond") {
    process.put(main_arena + 0x60, brk.value + 0x20000);
    const HeapWalk walk = walked(process);
    CHECK(has_note(walk, "was not reached"));
    CHECK(has_block(walk, block(last, 48)));
  }
  SUBCASE("too large") {
    process.put(top + 8, 0x100001);
    const HeapWalk walk = walked(process);
    CHECK(has_note(walk, "the top chunk"));
    CHECK(difference(walk.blocks).value_or(Block{}) == Block{});
  }
}

TEST_CASE("a damaged ring of arenas") {
  MadeUp process = sound_process();
  SUBCASE("that leads nowhere: the heap still names its arena") {
    process.put(main_arena + 0x870, 0x1000);
    const HeapWalk walk = walked(process);
    CHECK(has_note(walk, "leads to 0x1000"));
    CHECK(has_note(walk, "a heap names it"));
    CHECK(difference(walk.blocks).value_or(Block{}) == Block{});
  }
  SUBCASE("that runs in a circle") {
    process.put(thread_arena + 0x870, thread_arena.value);
    const HeapWalk walk = walked(process);
    CHECK(has_note(walk, "runs in a circle"));
    CHECK(difference(walk.blocks).value_or(Block{}) == Block{});
  }
}

TEST_CASE("a damaged heap_info") {
  MadeUp process = sound_process();
  SUBCASE("its size") {
    process.put(thread_heap + 16, 0x7000000000);
    const HeapWalk walk = walked(process);
    CHECK(has_note(walk, "says that it has"));
    CHECK(difference(walk.blocks).value_or(Block{}) == Block{});
  }
  SUBCASE("its arena") {
    process.put(thread_heap, 0x1230);
    const HeapWalk walk = walked(process);
    CHECK_FALSE(walk.notes.empty());
    CHECK(has_block(walk, block(last, 48)));
  }
}

TEST_CASE("a process before its first malloc") {
  MadeUp process;
  process.map(libc_data, 0x2000, "/usr/lib/x86_64-linux-gnu/libc.so.6");
  process.put(main_arena + 0x870, {main_arena.value, 0, 1});
  const HeapWalk walk = walked(process);
  CHECK(walk.blocks.empty());
  CHECK(walk.ignored == std::vector<Range>{{main_arena, main_arena + 0x898}});
  CHECK(has_note(walk, "nothing was allocated"));
}

TEST_CASE("a process that has used other arenas alone") {
  MadeUp process = sound_process();
  process.put(main_arena + 0x60, main_arena.value + 0x60);
  process.put(main_arena + 0x18, std::uint64_t{0});
  process.put(main_arena + 0x888, std::uint64_t{0});
  process.put(brk + 16, std::uint64_t{0});
  process.put(brk + 16 + 0x80 + 16, std::uint64_t{0});
  const HeapWalk walk = walked(process);
  CHECK(difference(walk.blocks, {block(thread_block, 96), {mapped + 16, 0x2000 - 16}}).value_or(Block{}) ==
        Block{});
  CHECK(walk.totals.top.chunks == 1);
}

TEST_CASE("main_arena is found without a symbol and without a ring") {
  MadeUp process = sound_process();
  process.put(main_arena + 0x870, std::uint64_t{0x1000});
  CHECK(difference(walked(process, false).blocks).value_or(Block{}) == Block{});
}

TEST_CASE("what cannot be walked is refused") {
  MadeUp process;
  process.map(libc_data, 0x2000, "/usr/bin/program");
  auto refused = walk(process.process());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::unsupported);
  CHECK(refused.error().context.find("statically") != std::string::npos);
  process.map(libc_data + 0x10000, 0x1000, "/lib/ld-musl-x86_64.so.1");
  CHECK(walk(process.process()).error().context.find("musl") != std::string::npos);
  process.map(libc_data + 0x20000, 0x1000, "/lib/libc.so.6");
  CHECK(walk(process.process()).error().context.find("main_arena") != std::string::npos);
}

TEST_CASE("other allocators and versions are told") {
  MadeUp process = sound_process();
  process.map(libc_data + 0x10000, 0x1000, "/usr/lib/libjemalloc.so.2", false);
  process.symbols.version = "2.41";
  const HeapWalk walk = walked(process);
  CHECK(has_note(walk, "libjemalloc.so.2"));
  CHECK(has_note(walk, "2.41"));
  CHECK(difference(walk.blocks).value_or(Block{}) == Block{});
}

}  // namespace sonde::glibc_heap
