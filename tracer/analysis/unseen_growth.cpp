#include <algorithm>

#include "sonde/analysis/process_heap.hpp"

namespace sonde::analysis {

namespace {

// Below the first, nobody cares. A heap takes more memory than it hands out: for headers and rounding of each
// block, for what is given back and kept, for holes between blocks.
constexpr std::uint64_t unseen_at_least = 16 << 20;
constexpr std::uint64_t times_the_account = 4;
constexpr std::uint64_t block_overhead = 64;

std::uint64_t difference(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; }

}  // namespace

// Both must have grown: mappings alone may be reserved and never used, and what is resident may be the stacks
// of threads, or pages of files that were written to.
std::uint64_t ProcessHeap::unseen_growth() const {
  if (lossy_ || shared_->blocks_left_out != 0) return 0;
  const std::uint64_t grown = std::min(memory_.growth(), memory_.resident_growth());
  const std::uint64_t accounted = difference(peak_bytes_, inherited_bytes_);
  const std::uint64_t overhead = block_overhead * total_.peak_blocks(peak_);
  if (grown <= unseen_at_least || grown / times_the_account <= accounted + overhead) return 0;
  return grown - accounted;
}

}  // namespace sonde::analysis
