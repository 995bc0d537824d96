#include "sonde/glibc_heap/walk.hpp"

#include <algorithm>

#include "glibc_heap/arena.hpp"
#include "glibc_heap/cached_memory.hpp"
#include "glibc_heap/chunks.hpp"
#include "glibc_heap/free_lists.hpp"
#include "glibc_heap/heaps.hpp"
#include "glibc_heap/main_segments.hpp"
#include "glibc_heap/mapped.hpp"
#include "glibc_heap/mappings.hpp"
#include "glibc_heap/tcaches.hpp"

namespace sonde::glibc_heap {

namespace {

// The version whose heaps the tests walk.
constexpr std::string_view tried_version = "2.36";

void note_surroundings(const Process& process, Notes& notes) {
  if (const auto other = other_allocator(process.mappings); !other.empty()) {
    notes.add("the process has {} as well: blocks of that are not known", other);
  }
  if (const auto& version = process.symbols.version; !version.empty() && version != tried_version) {
    notes.add("this is glibc {}; {} is the one that was tried", version, tried_version);
  }
}

Failure no_glibc(const Process& process) {
  if (has_musl(process.mappings)) {
    return fail(ErrorCode::unsupported, "its C library is musl, whose heap cannot be walked from outside");
  }
  return fail(ErrorCode::unsupported,
              "it has no shared glibc (it is linked statically, or uses another C library), so its heap "
              "cannot be walked "
              "from outside");
}

class Walker {
 public:
  explicit Walker(const Process& process)
      : process_(process), memory_(CachedMemory::lists(process.memory)), chunks_(process.memory, notes_) {}

  Result<HeapWalk> walk() {
    note_surroundings(process_, notes_);
    const auto main = find_main_arena(process_, memory_, notes_);
    if (!main) {
      return fail(ErrorCode::unsupported,
                  "the main_arena of its glibc was not found: its version is not known, or its "
                  "memory is damaged");
    }
    parameters_ = find_parameters(process_, memory_);
    walk_.ignored.push_back({main->address, main->address + arena::bytes});
    if (parameters_)
      walk_.ignored.push_back({parameters_->address, parameters_->address + parameters::bytes});
    std::ranges::sort(walk_.ignored);
    walk_arenas(*main);
    walk_mapped();
    finish();
    return std::move(walk_);
  }

 private:
  void walk_arenas(const Arena& main) {
    // Nothing has been asked of malloc yet: there is an arena without memory.
    if (main.top.value == 0) {
      notes_.add("nothing was allocated by glibc's malloc so far");
      return;
    }
    arenas_ = find_arenas(process_, memory_, main, notes_);
    for (const Arena& arena : arenas_) {
      walk_.totals.system_mem += arena.system_mem;
      if (arena.locked) {
        notes_.add("a thread is inside of malloc, with the arena at {:#x}, which may be changing",
                   arena.address.value);
      }
    }
    walk_.totals.arenas = arenas_.size();
    const std::vector<Heap> heaps = find_heaps(process_, memory_, arenas_, notes_);
    for (const Heap& heap : heaps) heap_ranges_.push_back(heap.range);
    walk_main_arena(process_, main, parameters_, heap_ranges_, chunks_, notes_);
    for (const Heap& heap : heaps) walk_heap(heap);
    take_out_free();
  }

  void walk_heap(const Heap& heap) {
    const auto reached = chunks_.walk(heap.segment);
    if (reached.end == SegmentEnd::limit)
      notes_.add("the heap at {:#x} ends without a mark", heap.range.begin.value);
    // What is not its chunks: its header and its arena before them, left-overs of a larger heap behind them.
    chunks_.owned().push_back({heap.range.begin, heap.segment.range.begin});
    if (reached.end != SegmentEnd::lost) chunks_.owned().push_back({reached.at, heap.range.end});
  }

  void take_out_free() {
    std::ranges::sort(chunks_.owned());
    walk_.owned = joined(std::move(chunks_.owned()));
    walk_.blocks = std::move(chunks_.blocks());
    if (!std::ranges::is_sorted(walk_.blocks, {}, &Block::address))
      std::ranges::sort(walk_.blocks, {}, &Block::address);
    FreeLists lists(process_.memory, walk_.owned, notes_);
    for (const Arena& arena : arenas_) lists.add_fastbins(arena);
    const auto tcaches =
        find_tcaches(process_, memory_, arenas_, walk_.blocks, chunks_.first_blocks(), lists, notes_);
    for (const Address tcache : tcaches) lists.add_tcache(tcache);
    lists.take_out(walk_.blocks, tcaches, walk_.totals);
    walk_.totals.tcaches = tcaches.size();
    walk_.totals.bins = chunks_.free_chunks();
    walk_.totals.top = chunks_.top();
  }

  void walk_mapped() {
    std::vector<Range> taken = walk_.owned;
    taken.insert(taken.end(), heap_ranges_.begin(), heap_ranges_.end());
    const auto mapped = find_mapped(process_, memory_, parameters_, taken, notes_);
    const auto own = static_cast<std::ptrdiff_t>(walk_.blocks.size());
    for (const MappedChunk& chunk : mapped) {
      walk_.owned.push_back(chunk.range);
      walk_.blocks.push_back(chunk.block);
      walk_.totals.mapped.chunks += 1;
      walk_.totals.mapped.bytes += chunk.range.size();
    }
    walk_.totals.in_use.chunks += walk_.totals.mapped.chunks;
    walk_.totals.in_use.bytes += walk_.totals.mapped.bytes;
    std::ranges::inplace_merge(walk_.blocks, walk_.blocks.begin() + own, {}, &Block::address);
    std::ranges::sort(walk_.owned);
    walk_.owned = joined(std::move(walk_.owned));
  }

  void finish() { walk_.notes = std::move(notes_).take(); }

  const Process& process_;
  Notes notes_;
  CachedMemory memory_;
  ChunkWalk chunks_;
  std::optional<Parameters> parameters_;
  std::vector<Arena> arenas_;
  std::vector<Range> heap_ranges_;
  HeapWalk walk_;
};

}  // namespace

Result<HeapWalk> walk(const Process& process) {
  if (find_libc(process.mappings) == nullptr) return no_glibc(process);
  return Walker(process).walk();
}

}  // namespace sonde::glibc_heap
