// Of a heap whose rounds were watched: the stacks that grew, and the blocks that nobody gave back.
#pragma once

#include <cstdint>
#include <vector>

#include "sonde/analysis/heap_growth.hpp"

namespace sonde::analysis {

struct SiteGrowth {
  std::uint32_t site;  // Of ProcessHeap::sites().
  Development bytes;
  double blocks_per_round;  // As Development::per_round.
  LivePoint first;          // When the first round began, and when the last one ended.
  LivePoint last;
};

// Those that held more at the end of the last round than when the first began, the largest growth first. Of
// more than limits::growth_sites the largest.
std::vector<SiteGrowth> growing_sites(const HeapGrowth& growth);

struct OldBlocks {
  std::uint32_t site;
  LivePoint live;
  Nanoseconds oldest;  // When that one was allocated.
};

// The live blocks that were allocated before `time`, by site, those with the most bytes first. Looks at every
// block; there are none of a process that has ended.
std::vector<OldBlocks> blocks_before(const ProcessHeap& heap, Nanoseconds time);

}  // namespace sonde::analysis
