#include "sonde/analysis/live_blocks.hpp"

#include <algorithm>

namespace sonde::analysis {

LiveBlocks::LiveBlocks(const LiveBlocks& other)
    : index_(other.index_), places_(other.places_), free_(other.free_) {
  for (const auto& from : other.chunks_) {
    auto& to = chunks_.emplace_back(new LiveBlock[chunk]);
    std::copy_n(from.get(), chunk, to.get());
  }
}

std::optional<std::uint32_t> LiveBlocks::place_of(std::uint64_t address, std::uint32_t hash) const {
  return index_.find(hash, [&](std::uint32_t i) { return at(i).address == address; });
}

const LiveBlock* LiveBlocks::find(std::uint64_t address) const {
  const auto place = place_of(address, hash_of(address));
  return place ? &at(*place) : nullptr;
}

void LiveBlocks::insert(const LiveBlock& block) {
  std::uint32_t place = free_;
  if (place == none) {
    place = places_++;
    if (place % chunk == 0) chunks_.emplace_back(new LiveBlock[chunk]());
  } else {
    free_ = at(place).site;
  }
  at(place) = block;
  if (block.tid == free_place) at(place).tid = 0;
  index_.insert(hash_of(block.address), place);
}

std::optional<LiveBlock> LiveBlocks::take(std::uint64_t address) {
  const std::uint32_t hash = hash_of(address);
  const auto place = place_of(address, hash);
  if (!place) return std::nullopt;
  const LiveBlock block = at(*place);
  index_.erase(hash, *place);
  at(*place).site = free_;
  at(*place).tid = free_place;
  free_ = *place;
  return block;
}

void LiveBlocks::clear() {
  index_.clear();
  chunks_ = decltype(chunks_)();
  places_ = 0;
  free_ = none;
}

const LiveBlock* LiveBlocks::around(std::uint64_t address) const {
  const LiveBlock* found = nullptr;
  each([&](const LiveBlock& block) {
    if (block.address < address && address - block.address < block.size) found = &block;
  });
  return found;
}

}  // namespace sonde::analysis
