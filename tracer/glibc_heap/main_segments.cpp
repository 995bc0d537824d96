#include "glibc_heap/main_segments.hpp"

#include <algorithm>

#include "glibc_heap/layout.hpp"
#include "glibc_heap/mappings.hpp"

namespace sonde::glibc_heap {

namespace {

class MainArena {
 public:
  MainArena(const Process& process, const Arena& arena, ChunkWalk& chunks, Notes& notes)
      : process_(process), arena_(arena), chunks_(chunks), notes_(notes) {}

  // What brk gave, from where it stood at first. The program may have called sbrk itself: what it took lies
  // between a fencepost and the next chain, and is its own.
  void walk_brk(Address base) {
    for (Range range : brk_ranges(process_.mappings)) {
      if (range.end <= base) continue;
      const bool begins = base.value != 0 && range.contains(base);
      if (begins) range.begin = base;
      walk_range(range, begins);
    }
  }

  // Mappings that malloc made when brk had failed. Such a one begins with a page, and ends with its chain.
  // The kernel may have joined it with others: what begins a mapping is looked at first.
  void walk_mappings(const std::vector<Range>& taken) {
    std::vector<Range> pieces = anonymous_pieces(process_.mappings, taken);
    for (Range& piece : pieces) walk_from(piece, page_bytes);
    for (Range& piece : pieces) walk_from(piece, piece.size());
  }

  bool complete() const { return walked_ >= arena_.system_mem && has_top_; }

  void check() {
    if (!has_top_) notes_.add("the top chunk of main_arena, at {:#x}, was not reached", arena_.top.value);
    if (walked_ < arena_.system_mem) {
      notes_.add("main_arena has {} bytes from the system; {} of them were found", arena_.system_mem,
                 walked_);
    }
  }

 private:
  // Where a segment begins in the first `bytes` of `piece`, it and those that follow it.
  void walk_from(Range& piece, std::uint64_t bytes) {
    while (piece.begin < piece.end && !complete()) {
      const Address until = std::min(piece.end, piece.begin + bytes);
      const auto begin = chunks_.find_chain({piece, arena_.top, true}, until, page_bytes, true);
      if (!begin) return;
      const auto reached = chunks_.walk({{*begin, piece.end}, arena_.top, true});
      walked_ += reached.at.value - begin->value;
      has_top_ |= reached.end == SegmentEnd::top;
      piece.begin = {(reached.at.value + page_bytes - 1) & ~(page_bytes - 1)};
    }
  }

  void walk_range(Range range, bool begins) {
    const Address first = range.begin;
    while (range.begin < range.end) {
      if (!begins) {
        const auto found = chunks_.find_chain({range, arena_.top, true}, range.end, chunk::alignment, false);
        if (!found) break;
        range.begin = *found;
      }
      begins = false;
      const auto reached = chunks_.walk({range, arena_.top, true});
      range.begin = reached.at;
      has_top_ |= reached.end == SegmentEnd::top;
      if (reached.end != SegmentEnd::fencepost) break;
    }
    walked_ += range.begin.value - first.value;
  }

  const Process& process_;
  const Arena& arena_;
  ChunkWalk& chunks_;
  Notes& notes_;
  std::uint64_t walked_ = 0;
  bool has_top_ = false;
};

}  // namespace

void walk_main_arena(const Process& process, const Arena& main, const std::optional<Parameters>& parameters,
                     const std::vector<Range>& taken, ChunkWalk& chunks, Notes& notes) {
  // While it has nothing, top is the bin of unsorted chunks: a program may use other arenas and mappings
  // alone.
  if (main.top == main.address + arena::top && main.system_mem == 0) return;
  MainArena memory(process, main, chunks, notes);
  memory.walk_brk(parameters ? parameters->sbrk_base : Address{0});
  if (!memory.complete()) memory.walk_mappings(taken);
  memory.check();
}

}  // namespace sonde::glibc_heap
