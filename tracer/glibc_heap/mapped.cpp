#include "glibc_heap/mapped.hpp"

#include <algorithm>
#include <limits>

#include "glibc_heap/layout.hpp"
#include "glibc_heap/mappings.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::glibc_heap {

namespace {

constexpr unsigned largest_alignment = 40;  // As a power of two; one more terabyte nobody asks for.

// Only a whole number of pages with no other flag is such a chunk's size: that of one whose block is aligned
// begins `before` bytes behind a page.
std::optional<std::uint64_t> mapped_size(std::optional<std::uint64_t> word, std::uint64_t before) {
  if (!word || (*word & chunk::flags) != chunk::is_mmapped) return std::nullopt;
  const std::uint64_t size = *word & ~chunk::flags;
  if (size < chunk::smallest || (size + before) % page_bytes != 0) return std::nullopt;
  return size;
}

class Search {
 public:
  Search(const Process& process, CachedMemory& memory, const std::optional<Parameters>& parameters,
         const std::vector<Range>& taken)
      : memory_(memory),
        wanted_(parameters ? parameters->mmaps : std::numeric_limits<std::uint64_t>::max()),
        pieces_(anonymous_pieces(process.mappings, taken)) {}

  // Mappings of malloc's that the kernel has not joined with others begin a piece, and those that it has
  // joined follow each other as a rule.
  void look_at_beginnings() {
    for (Range& piece : pieces_) follow(piece);
  }

  // Behind other memory that was joined with them.
  void look_at_pages() {
    // Large ones are other allocators' more often, and take longest.
    std::ranges::sort(pieces_, {}, &Range::size);
    for (Range& piece : pieces_) {
      while (piece.begin < piece.end && found_.size() < wanted_ && pages_left_ > 0) {
        --pages_left_;
        const Address before = piece.begin;
        follow(piece);
        if (piece.begin == before) piece.begin = before + page_bytes;
      }
    }
  }

  bool complete() const { return found_.size() >= wanted_; }
  bool gave_up() const { return pages_left_ == 0; }

  std::vector<MappedChunk> take() {
    std::ranges::sort(found_, {}, [](const MappedChunk& chunk) { return chunk.range.begin; });
    return std::move(found_);
  }

 private:
  void follow(Range& piece) {
    while (piece.begin < piece.end && found_.size() < wanted_ && found_.size() < limits::heap_blocks) {
      const auto chunk = chunk_at(piece.begin, piece.end.value - piece.begin.value);
      if (!chunk) return;
      found_.push_back(*chunk);
      piece.begin = chunk->range.end;
    }
  }

  std::optional<MappedChunk> chunk_at(Address at, std::uint64_t room) {
    if (memory_.word(at) != 0) return std::nullopt;
    const auto size = mapped_size(memory_.word(at + chunk::size), 0);
    if (!size) return std::nullopt;
    // Of an aligned block the header at the mapping's beginning is a left-over, which may be wrong after a
    // realloc.
    if (const auto aligned = aligned_chunk_in(at, room)) return aligned;
    if (*size > room) return std::nullopt;
    return MappedChunk{{at, at + *size}, {at + chunk::header, *size - chunk::header}};
  }

  // memalign puts the header right before the first address that fits, and there how far it moved it.
  std::optional<MappedChunk> aligned_chunk_in(Address at, std::uint64_t room) {
    for (unsigned bits = 5; bits < largest_alignment; ++bits) {
      const std::uint64_t alignment = std::uint64_t{1} << bits;
      const std::uint64_t first = (at.value + chunk::header + alignment - 1) & ~(alignment - 1);
      for (const std::uint64_t user : {first, first + alignment}) {
        const std::uint64_t moved = user - chunk::header - at.value;
        if (moved == 0 || moved >= room || room - moved < chunk::smallest) continue;
        const Address header = at + moved;
        if (memory_.word(header) != moved) continue;
        const auto size = mapped_size(memory_.word(header + chunk::size), moved);
        if (size && *size <= room - moved) {
          return MappedChunk{{at, header + *size}, {header + chunk::header, *size - chunk::header}};
        }
      }
    }
    return std::nullopt;
  }

  CachedMemory& memory_;
  std::uint64_t wanted_;
  std::vector<Range> pieces_;
  std::vector<MappedChunk> found_;
  std::uint64_t pages_left_ = limits::heap_walk_pages;
};

}  // namespace

std::vector<MappedChunk> find_mapped(const Process& process, CachedMemory& memory,
                                     const std::optional<Parameters>& parameters,
                                     const std::vector<Range>& taken, Notes& notes) {
  Search search(process, memory, parameters, taken);
  search.look_at_beginnings();
  if (!search.complete()) search.look_at_pages();
  if (search.gave_up()) {
    notes.add("not all of the process's mappings were searched for blocks: {} pages were",
              limits::heap_walk_pages);
  }
  std::vector<MappedChunk> found = search.take();
  if (!parameters) {
    notes.add(
        "malloc's own count of mapped blocks was not found: {} were taken for such ones by what they look "
        "like",
        found.size());
    return found;
  }
  std::uint64_t bytes = 0;
  for (const MappedChunk& chunk : found) bytes += chunk.range.size();
  if (found.size() != parameters->mmaps || bytes != parameters->mmapped_mem) {
    notes.add("malloc has counted {} mapped blocks of {} bytes; {} of {} bytes were found", parameters->mmaps,
              parameters->mmapped_mem, found.size(), bytes);
  }
  return found;
}

}  // namespace sonde::glibc_heap
