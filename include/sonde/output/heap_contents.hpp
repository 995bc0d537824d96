// What is in the blocks of a heap, for its report.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sonde/analysis/process_heap.hpp"
#include "sonde/base/memory_reader.hpp"
#include "sonde/output/hex_dump.hpp"

namespace sonde::output {

struct BlockContents {
  analysis::LiveBlock block;
  std::vector<std::byte> bytes;  // Its first; 0 in the holes.
  std::vector<Hole> holes;       // Ascending.
};

struct SiteContents {
  std::uint32_t site;                 // Of ProcessHeap::sites().
  std::vector<BlockContents> blocks;  // The oldest, that one first.
};

// Whether the process still has the blocks: not once it has ended, or executed another program.
bool is_there(const analysis::ProcessHeap& heap);

// Of the `sites` sites with the most bytes live, the largest first, the oldest blocks, `bytes` of each. Looks
// at every block once, and reads a few.
std::vector<SiteContents> contents_of(const analysis::ProcessHeap& heap, std::size_t sites, std::size_t bytes,
                                      const MemoryReader& memory);

}  // namespace sonde::output
