#include "glibc_heap/heaps.hpp"

#include <algorithm>
#include <map>

#include "glibc_heap/layout.hpp"
#include "glibc_heap/mappings.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::glibc_heap {

namespace {

constexpr Address heap_of(Address address) { return {address.value & ~(heap::alignment - 1)}; }

constexpr std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + chunk::alignment - 1) & ~(chunk::alignment - 1);
}

class Search {
 public:
  Search(const Process& process, CachedMemory& memory, Notes& notes)
      : process_(process), memory_(memory), notes_(notes) {}

  // Whether the list led to the arena's first heap.
  bool follow(const Arena& arena) {
    const Address first = heap_of(arena.address);
    Address at = heap_of(arena.top);
    while (add(at, arena)) {
      if (at == first) return true;
      const auto previous = memory_.word(at + heap::previous);
      if (!previous || *previous % heap::alignment != 0) break;
      at = {*previous};
    }
    notes_.add("the list of heaps of the arena at {:#x} is damaged at {:#x}", arena.address.value, at.value);
    return false;
  }

  // Heaps of damaged lists: memory at a multiple of 64 MiB that names an arena.
  void look_everywhere(std::span<const Arena> arenas) {
    for (const Range& piece : anonymous_pieces(process_.mappings, {})) {
      const std::uint64_t first = (piece.begin.value + heap::alignment - 1) & ~(heap::alignment - 1);
      for (std::uint64_t at = first; at >= first && at < piece.end.value; at += heap::alignment) {
        const auto named = memory_.word({at});
        const auto arena =
            std::ranges::find_if(arenas, [&](const Arena& a) { return named == a.address.value; });
        if (arena != arenas.end() && !arena->main) add({at}, *arena);
      }
    }
  }

  std::vector<Heap> take() {
    std::vector<Heap> heaps;
    for (const auto& [address, heap] : heaps_) heaps.push_back(heap);
    return heaps;
  }

 private:
  // False where no heap of the arena is, or it was there before.
  bool add(Address at, const Arena& arena) {
    if (heaps_.size() >= limits::heap_walk_heaps || heaps_.contains(at)) return false;
    const auto owner = memory_.word(at + heap::arena);
    const auto size = memory_.word(at + heap::size);
    const auto writable = memory_.word(at + heap::mprotect_size);
    if (owner != arena.address.value || !size || !writable) return false;
    // The mapping is believed where it and the header differ.
    const std::uint64_t mapped = writable_from(at);
    const bool sound = *size % word_bytes == 0 && *size <= *writable && *writable <= mapped;
    if (!sound) {
      notes_.add("the heap at {:#x} says that it has {} bytes, of which {} can be written; mapped are {}",
                 at.value, *size, *writable, mapped);
    }
    const bool is_first = at == heap_of(arena.address);
    const std::uint64_t header = arena.address.value - heap_of(arena.address).value;
    const std::uint64_t before = aligned(is_first ? header + arena::bytes : header);
    const std::uint64_t all = sound ? *writable : mapped;
    const std::uint64_t used = sound ? *size : mapped;
    if (used < before + chunk::header) return false;
    heaps_[at] = {{at, at + all}, {{at + before, at + used}, arena.top, false}};
    return true;
  }

  std::uint64_t writable_from(Address at) const {
    Address end = at;
    for (const Mapping* m = mapping_of(process_.mappings, at); m != nullptr && is_anonymous(*m);
         m = mapping_of(process_.mappings, end)) {
      end = m->range.end;
      if (end.value - at.value >= heap::alignment) return heap::alignment;
    }
    return end.value - at.value;
  }

  const Process& process_;
  CachedMemory& memory_;
  Notes& notes_;
  std::map<Address, Heap> heaps_;
};

}  // namespace

std::vector<Heap> find_heaps(const Process& process, CachedMemory& memory, std::span<const Arena> arenas,
                             Notes& notes) {
  Search search(process, memory, notes);
  bool complete = true;
  for (const Arena& arena : arenas) {
    if (!arena.main && !search.follow(arena)) complete = false;
  }
  if (!complete) search.look_everywhere(arenas);
  return search.take();
}

}  // namespace sonde::glibc_heap
