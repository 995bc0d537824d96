// The search for lost blocks, in memory with whatever contents, of blocks and regions that lie anywhere. What
// is found must be within the definitions: a reachable block's pointers lead to none that is lost, an
// indirect one has a leader that is definite.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/leaks/findings.hpp"
#include "sonde/leaks/scan.hpp"

namespace {

using namespace sonde::leaks;

class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    bytes = std::min(bytes, size_);
    std::memcpy(&value, data_, bytes);
    skip(bytes);
    return value;
  }
  sonde::Bytes bytes(std::size_t count) {
    const sonde::Bytes taken(reinterpret_cast<const std::byte*>(data_), std::min(count, size_));
    skip(taken.size());
    return taken;
  }

 private:
  void skip(std::size_t count) {
    data_ += count;
    size_ -= count;
  }
  const std::uint8_t* data_;
  std::size_t size_;
};

void check(const Blocks& blocks, const std::vector<Region>& regions, const Outcome& outcome) {
  SONDE_CHECK(outcome.classes.size() == blocks.size());
  const auto is_lost = [](LeakClass kind) {
    return kind == LeakClass::definite || kind == LeakClass::indirect;
  };
  std::uint64_t kept = 0;
  for (const Leader& leader : outcome.kept) {
    SONDE_CHECK(outcome.classes[leader.index] == LeakClass::definite);
    kept += leader.kept_blocks;
  }
  SONDE_CHECK(kept == outcome.total(LeakClass::indirect).blocks);
  for (std::uint32_t i = 0; i < blocks.size(); ++i) {
    const Block block = blocks[i];
    SONDE_CHECK(blocks.find(block.address) == i && blocks.find(block.end() - 1) == i);
    const std::uint32_t leader = outcome.leader_of(i);
    SONDE_CHECK((leader == i) == (outcome.classes[i] != LeakClass::indirect));
    if (outcome.classes[i] == LeakClass::indirect)
      SONDE_CHECK(outcome.classes[leader] == LeakClass::definite);
    if (is_lost(outcome.classes[i])) continue;
    for (const Region& region : regions) {
      const std::uint64_t end = std::min(region.end(), block.address + block.size);
      for (std::uint64_t at = (std::max(region.begin, block.address) + 7) / 8 * 8; at + 8 <= end; at += 8) {
        std::uint64_t word;
        std::memcpy(&word, region.bytes.data() + (at - region.begin), 8);
        const std::uint32_t to = blocks.find(word);
        if (to != Blocks::none) SONDE_CHECK(!is_lost(outcome.classes[to]));
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script input(data, size);
  Blocks blocks;
  std::vector<Region> regions;
  std::vector<std::uint64_t> words;
  // Addresses with few bytes lie near each other, those with many anywhere.
  std::uint64_t block_end = 0;
  std::uint64_t region_end = 0;
  for (std::uint64_t i = input.number(1); i > 0 && !input.empty(); --i) {
    const std::uint64_t form = input.number(1);
    const std::uint64_t gap = input.number(form % 8 + 1);
    if (form & 8) words.push_back(gap);
    if (form & 16) {
      const Block block{block_end + gap, input.number(form & 32 ? 6 : 1)};
      if (blocks.add(block)) block_end = block.end();
    } else {
      const Region region{region_end + gap, input.bytes(input.number(1)), (form & 64) != 0};
      if (region.begin < region_end || (region.begin | region.end()) >> 63 != 0) continue;
      regions.push_back(region);
      region_end = region.end();
    }
  }
  blocks.seal();
  const AddressRange code[] = {{0x1000, 0x2000}};
  const Outcome outcome = scan({.blocks = blocks, .regions = regions, .words = words, .code = code});
  check(blocks, regions, outcome);
  const Heuristics rounded{.rounded_sizes = true};
  check(blocks, regions,
        scan({.blocks = blocks, .regions = regions, .words = words, .code = code, .heuristics = rounded}));

  std::vector<std::uint32_t> stacks(blocks.size());
  for (std::uint32_t i = 0; i < stacks.size(); ++i) stacks[i] = i % 3;
  const StackFrames frames = [](std::uint32_t) { return std::span<const Frame>(); };
  const Findings findings = find({outcome, blocks, stacks, frames}, nullptr);
  for (std::size_t kind = 0; kind < leak_classes; ++kind) {
    SONDE_CHECK(findings.totals[kind].blocks == outcome.totals[kind].blocks);
    SONDE_CHECK(findings.totals[kind].bytes == outcome.totals[kind].bytes);
  }
  return 0;
}
