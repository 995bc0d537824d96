#include "sonde/analysis/heap_findings.hpp"

#include <algorithm>

#include "sonde/base/limits.hpp"

namespace sonde::analysis {

namespace {

bool same(const HeapPlace& a, const HeapPlace& b) { return a.function == b.function && a.stack == b.stack; }

bool same(const std::optional<HeapPlace>& a, const std::optional<HeapPlace>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

}  // namespace

std::string_view name_of(HeapMisuse misuse) {
  switch (misuse) {
    case HeapMisuse::double_free:
      return "double_free";
    case HeapMisuse::unknown_address:
      return "unknown_address";
    case HeapMisuse::inside_block:
      return "inside_block";
    case HeapMisuse::mismatch:
      return "mismatch";
    case HeapMisuse::huge_size:
      return "huge_size";
    case HeapMisuse::zero_size:
      return "zero_size";
  }
  return {};
}

bool HeapFindings::full() const { return all_.size() >= limits::heap_findings; }

void HeapFindings::add(const HeapFinding& finding) {
  const auto known = std::find_if(all_.begin(), all_.end(), [&](const HeapFinding& other) {
    return other.misuse == finding.misuse && same(other.at, finding.at) &&
           same(other.allocated, finding.allocated) && same(other.released, finding.released);
  });
  if (known != all_.end()) {
    ++known->count;
  } else if (full()) {
    ++left_out_;
  } else {
    all_.push_back(finding);
  }
}

std::size_t ReleasedBlocks::place_of(std::uint32_t heap, std::uint64_t address) {
  return hash_of(address, heap) % limits::heap_released_blocks;
}

void ReleasedBlocks::keep(const Block& block) {
  if (blocks_.empty()) blocks_.resize(limits::heap_released_blocks);
  blocks_[place_of(block.heap, block.address)] = block;
}

void ReleasedBlocks::forget(std::uint32_t heap, std::uint64_t address) {
  if (blocks_.empty()) return;
  Block& block = blocks_[place_of(heap, address)];
  if (block.heap == heap && block.address == address) block.heap = 0;
}

const ReleasedBlocks::Block* ReleasedBlocks::find(std::uint32_t heap, std::uint64_t address) const {
  if (blocks_.empty()) return nullptr;
  const Block& block = blocks_[place_of(heap, address)];
  return block.heap == heap && block.address == address ? &block : nullptr;
}

}  // namespace sonde::analysis
