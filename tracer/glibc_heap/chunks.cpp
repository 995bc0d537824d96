#include "glibc_heap/chunks.hpp"

#include <algorithm>

#include "glibc_heap/layout.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::glibc_heap {

namespace {

constexpr unsigned chain_to_believe = 24;
// Room for blocks is taken once where it can be: growing would copy them.
constexpr std::size_t blocks_at_first = std::size_t{1} << 20;

constexpr std::uint64_t size_of(std::uint64_t word) { return word & ~chunk::flags; }

// Whether a chunk in a heap can have this word, `room` bytes before the heap's end.
constexpr bool is_possible(std::uint64_t word, std::uint64_t room) {
  const std::uint64_t size = size_of(word);
  return size >= chunk::smallest && size % chunk::alignment == 0 && size <= room &&
         (word & chunk::is_mmapped) == 0;
}

constexpr Address aligned(Address address) {
  return {(address.value + chunk::alignment - 1) & ~(chunk::alignment - 1)};
}

}  // namespace

ChunkWalk::ChunkWalk(const MemoryReader& memory, Notes& notes)
    : ahead_(CachedMemory::ahead(memory)), notes_(notes) {}

void ChunkWalk::own(Address begin, Address end) {
  if (begin < end) owned_.push_back({begin, end});
}

void ChunkWalk::add_block(Address at, std::uint64_t size) {
  if (blocks_.size() < limits::heap_blocks) {
    if (blocks_.capacity() == 0) blocks_.reserve(blocks_at_first);
    blocks_.push_back({at + chunk::header, size - word_bytes});
  } else if (!told_of_limit_) {
    told_of_limit_ = true;
    notes_.add("the heap has more than {} blocks; from {:#x} on they are left out", limits::heap_blocks,
               at.value);
  }
}

void ChunkWalk::settle(Pending& pending, Address next, std::uint64_t flags) {
  if (pending.size == 0) return;
  if ((flags & chunk::prev_inuse) != 0) {
    add_block(pending.address, pending.size);
  } else {
    free_.chunks += 1;
    free_.bytes += pending.size;
    const auto told = ahead_.word(next);
    if (told != pending.size) {
      notes_.add("the free chunk at {:#x} has {} bytes by its beginning and {} by its end",
                 pending.address.value, pending.size, told.value_or(0));
    }
  }
  pending.size = 0;
}

// Where malloc leaves off it shortens what was top and puts headers there that no chunk has: two of 16 bytes
// in main_arena, one of 16 and one of 0 at the end of another arena's heap. Too small a rest is not freed,
// and becomes part of the fencepost there, which then is one of 32 bytes and one of 0.
std::optional<Address> ChunkWalk::past_fenceposts(const Pending& pending, Address at, std::uint64_t word,
                                                  bool main) {
  const std::uint64_t size = size_of(word);
  if (size == chunk::header) {
    const auto second = ahead_.word(at + (chunk::header + chunk::size));
    if (second && size_of(*second) == (main ? chunk::header : 0) && (*second & chunk::prev_inuse) != 0) {
      return at + 2 * chunk::header;
    }
  }
  if (!main && word == chunk::prev_inuse && pending.size == chunk::smallest) return at + chunk::header;
  return std::nullopt;
}

ChunkWalk::Reached ChunkWalk::reach_top(Pending& pending, const Segment& segment, Address begin,
                                        std::uint64_t word) {
  settle(pending, segment.top, word);
  const std::uint64_t room = segment.range.end.value - segment.top.value;
  std::uint64_t size = size_of(word);
  if (!is_possible(word, room) && size != chunk::header) {
    notes_.add("the top chunk at {:#x} says that it has {} bytes; its heap has {} there", segment.top.value,
               size, room);
    size = room;
  }
  top_.chunks += 1;
  top_.bytes += size;
  own(begin, segment.top + size);
  return {SegmentEnd::top, segment.top + size};
}

ChunkWalk::Reached ChunkWalk::walk(const Segment& segment) {
  const Address end = segment.range.end;
  Address begin = aligned(segment.range.begin);
  Address at = begin;
  Pending pending;
  const std::size_t blocks_before = blocks_.size();
  const auto note_first = [&] {
    if (blocks_.size() > blocks_before) first_blocks_.push_back(blocks_[blocks_before].address);
  };
  while (at < end) {
    const auto word = ahead_.word(at + chunk::size);
    if (at == segment.top) {
      const Reached reached = reach_top(pending, segment, begin, word.value_or(chunk::prev_inuse));
      note_first();
      return reached;
    }
    if (word && is_possible(*word, end.value - at.value)) [[likely]] {
      settle(pending, at, *word);
      pending = {at, size_of(*word)};
      at = at + pending.size;
      continue;
    }
    if (const auto past = word ? past_fenceposts(pending, at, *word, segment.main) : std::nullopt) {
      if (size_of(*word) == chunk::header) settle(pending, at, *word);
      own(begin, *past);
      note_first();
      return {SegmentEnd::fencepost, *past};
    }
    settle(pending, at, chunk::prev_inuse);
    own(begin, at);
    const auto next =
        find_chain({{at + chunk::alignment, end}, segment.top, segment.main}, end, chunk::alignment, false);
    if (word) {
      notes_.add("the chunk at {:#x} cannot have {} bytes (flags {}); {}", at.value, size_of(*word),
                 *word & chunk::flags,
                 next ? fmt::format("went on at {:#x}", next->value) : "nothing more was found");
    } else {
      notes_.add("the heap cannot be read at {:#x}; {}", at.value,
                 next ? fmt::format("went on at {:#x}", next->value) : "nothing more was found");
    }
    note_first();
    if (!next) return {SegmentEnd::lost, at};
    begin = at = *next;
  }
  settle(pending, at, chunk::prev_inuse);
  own(begin, at);
  note_first();
  return {SegmentEnd::limit, at};
}

bool ChunkWalk::chain_at(Address address, const Segment& segment, bool whole) {
  const Address end = segment.range.end;
  Pending pending;
  unsigned links = 0;
  for (Address at = address; at < end && chain_steps_left_ > 0; ++links, --chain_steps_left_) {
    if (at == segment.top) return links > 0 || address == segment.top;
    if (links >= chain_to_believe && !whole) return true;
    const auto word = ahead_.word(at + chunk::size);
    if (!word) return false;
    if (!is_possible(*word, end.value - at.value)) {
      return links > 0 && past_fenceposts(pending, at, *word, segment.main).has_value();
    }
    // The size of a free chunk stands at its end as well.
    if (pending.size != 0 && (*word & chunk::prev_inuse) == 0 && ahead_.word(at) != pending.size)
      return false;
    pending = {at, size_of(*word)};
    at = at + pending.size;
  }
  return false;
}

std::optional<Address> ChunkWalk::find_chain(const Segment& segment, Address until, std::uint64_t step,
                                             bool whole) {
  // What lies between is read as well.
  const std::uint64_t cost = step / chunk::alignment;
  for (Address at = aligned(segment.range.begin); at < until && chain_steps_left_ >= cost; at = at + step) {
    chain_steps_left_ -= cost;
    if (chain_at(at, segment, whole)) return at;
  }
  return std::nullopt;
}

}  // namespace sonde::glibc_heap
