// What is counted of a heap: of all of it, and of each stack, thread and size.
#pragma once

#include <cstdint>

#include "sonde/base/types.hpp"

namespace sonde::analysis {

struct HeapCounters {
  std::uint64_t allocations = 0;  // Blocks that were handed out, by resizes as well.
  std::uint64_t bytes = 0;        // Of these, as asked for.
  std::uint64_t resizes = 0;      // Those of `allocations` that took the place of a block.
  std::uint64_t releases = 0;     // Blocks that were given back, by resizes as well.
  std::uint64_t temporary = 0;    // Those of `releases` that came directly after the block's allocation,
                                  // without another allocator call of the thread in between.
  std::uint64_t failures = 0;     // Calls that returned no block.
  Nanoseconds lifetimes = 0;      // Of the blocks released, added up.
  std::uint64_t live_blocks = 0;
  std::uint64_t live_bytes = 0;

  // Of a heap that begins with what another one had live.
  HeapCounters inherited() const {
    HeapCounters made;
    made.live_blocks = live_blocks;
    made.live_bytes = live_bytes;
    return made;
  }

  // What was live when the heap was largest, for the first time: `peak` is the number of the heap's last
  // peak. Each new one counts up, and whoever changes live_* calls about_to_change() before: what has not
  // changed since then is what it was.
  void about_to_change(std::uint64_t peak) {
    if (kept_at_ == peak) return;
    kept_at_ = peak;
    kept_blocks_ = live_blocks;
    kept_bytes_ = live_bytes;
  }
  std::uint64_t peak_blocks(std::uint64_t peak) const {
    return kept_at_ == peak ? kept_blocks_ : live_blocks;
  }
  std::uint64_t peak_bytes(std::uint64_t peak) const { return kept_at_ == peak ? kept_bytes_ : live_bytes; }

 private:
  std::uint64_t kept_at_ = 0;
  std::uint64_t kept_blocks_ = 0;
  std::uint64_t kept_bytes_ = 0;
};

}  // namespace sonde::analysis
