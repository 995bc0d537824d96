// Goes over the chunks of a piece of heap, one behind the other, by their sizes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "glibc_heap/cached_memory.hpp"
#include "glibc_heap/notes.hpp"
#include "sonde/glibc_heap/walk.hpp"

namespace sonde::glibc_heap {

// Memory that chunks lie in without a gap, from `begin` on: all that brk has given, or a heap_info's.
struct Segment {
  Range range;  // Of the chunks. Ends at the latest there.
  Address top;  // Of its arena; may lie elsewhere.
  bool main;    // main_arena's.
};

enum class SegmentEnd : std::uint8_t {
  top,        // The arena's last chunk: nothing behind it.
  fencepost,  // malloc went on elsewhere.
  limit,      // The range's end: there should have been a fencepost.
  lost,       // From a damaged chunk on nothing was found.
};

class ChunkWalk {
 public:
  ChunkWalk(const MemoryReader& memory, Notes& notes);

  struct Reached {
    SegmentEnd end;
    Address at;  // Behind the last byte that is the allocator's.
  };
  // Adds to what the accessors below give. Damaged chunks are passed over: memory between the last sound one
  // and the next that starts a believable chain is nobody's.
  Reached walk(const Segment& segment);

  // Where a chain of chunks begins that is long enough to be believed, or ends as a segment does: from the
  // segment's beginning to `until`, at addresses `step` apart, within what limits allow to be looked at in
  // all. `whole`: it must end as a segment does.
  std::optional<Address> find_chain(const Segment& segment, Address until, std::uint64_t step, bool whole);

  // In use by their headers: what threads and fastbins keep is among them.
  std::vector<Block>& blocks() { return blocks_; }
  std::vector<Range>& owned() { return owned_; }
  // The first block of each segment.
  const std::vector<Address>& first_blocks() const { return first_blocks_; }
  const Count& free_chunks() const { return free_; }
  const Count& top() const { return top_; }

 private:
  struct Pending {
    Address address;
    std::uint64_t size = 0;  // 0: none.
  };
  bool chain_at(Address address, const Segment& segment, bool whole);
  // The chunk before the one at `next`, whose header's word is `flags`.
  void settle(Pending& pending, Address next, std::uint64_t flags);
  void add_block(Address chunk, std::uint64_t size);
  std::optional<Address> past_fenceposts(const Pending& pending, Address at, std::uint64_t word, bool main);
  Reached reach_top(Pending& pending, const Segment& segment, Address begin, std::uint64_t word);
  void own(Address begin, Address end);

  CachedMemory ahead_;
  Notes& notes_;
  std::vector<Block> blocks_;
  std::vector<Range> owned_;
  std::vector<Address> first_blocks_;
  Count free_;
  Count top_;
  std::uint64_t chain_steps_left_ = limits::heap_walk_chain_steps;
  bool told_of_limit_ = false;
};

}  // namespace sonde::glibc_heap
