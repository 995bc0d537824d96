#include "sonde/unwind/function_starts.hpp"

#include <algorithm>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace sonde;
using unwind::FunctionStarts;

namespace {

std::vector<std::uint32_t> section(std::uint32_t encodings, std::uint32_t count,
                                   std::initializer_list<std::int32_t> starts) {
  std::vector<std::uint32_t> words{encodings, 0, count};
  for (const std::int32_t start : starts) {
    words.push_back(static_cast<std::uint32_t>(start));
    words.push_back(0);
  }
  return words;
}

constexpr std::uint32_t usual = 0x3b031b01;  // Bytes 01 1b 03 3b.

FunctionStarts parse(const std::vector<std::uint32_t>& words, std::size_t bytes = ~std::size_t{0}) {
  const Bytes all = std::as_bytes(std::span(words));
  return FunctionStarts::parse(all.first(std::min(bytes, all.size())), 0x10000);
}

}  // namespace

TEST_CASE("a piece reaches from one start to the next") {
  const FunctionStarts starts = parse(section(usual, 3, {-0x8000, -0x7f00, 0x100}));
  CHECK_FALSE(starts.piece_of(0x7fff));
  CHECK(starts.piece_of(0x8000)->begin == 0x8000);
  CHECK(starts.piece_of(0x80ff)->end == 0x8100);
  CHECK(starts.piece_of(0x8100)->begin == 0x8100);
  CHECK(starts.piece_of(0x20000)->begin == 0x10100);
  CHECK(starts.piece_of(0x20000)->end == ~std::uint64_t{0});
}

TEST_CASE("what is damaged is left out") {
  CHECK(parse({}).empty());
  CHECK(parse(section(0x3b031b02, 1, {0})).empty());  // Another version.
  CHECK(parse(section(0x1b031b01, 1, {0})).empty());  // Another encoding.
  CHECK(parse(section(usual, 3, {0, 16, 32}), 11).empty());
  // Cut off, or claiming more than there is.
  CHECK(parse(section(usual, 3, {0, 16, 32}), 12 + 8 + 7).piece_of(0x10010)->begin == 0x10000);
  CHECK(parse(section(usual, 0xffffffff, {0, 16})).piece_of(0x10020)->begin == 0x10010);
  // Not ascending.
  CHECK(parse(section(usual, 3, {0, 32, 16})).piece_of(0x10020)->begin == 0x10020);
  CHECK(parse(section(usual, 3, {16, 0, 32})).piece_of(0x10030)->begin == 0x10010);
}
