#include "glibc_heap/free_lists.hpp"

#include <algorithm>

#include "glibc_heap/layout.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::glibc_heap {

namespace {

constexpr std::uint64_t chunk_size_of(std::size_t bin) { return chunk::smallest + bin * chunk::alignment; }

}  // namespace

FreeLists::FreeLists(const MemoryReader& memory, const std::vector<Range>& owned, Notes& notes)
    : memory_(CachedMemory::lists(memory)), owned_(owned), notes_(notes) {}

bool FreeLists::is_owned(Address address) const {
  const auto after = std::ranges::upper_bound(owned_, address, {}, &Range::begin);
  return after != owned_.begin() && std::prev(after)->contains(address);
}

bool FreeLists::is_chunk_of(Address at, std::uint64_t size) {
  if (at.value % chunk::alignment != 0 || !is_owned(at)) return false;
  const auto word = memory_.word(at + chunk::size);
  return word && (*word & ~chunk::flags) == size;
}

void FreeLists::add_list(const List& list, Address first, Marks& marks) {
  // Links lead to a chunk's link, in a thread's cache, or to the chunk itself, in a fastbin.
  const std::uint64_t to_chunk = list.link == 0 ? chunk::header : 0;
  Address at = first;
  for (std::uint64_t count = 0; at.value != 0; ++count) {
    const Address chunk_at{at.value - to_chunk};
    if (count >= list.most) {
      notes_.add("{} at {:#x} goes on behind its {} chunks, with {:#x}", list.what, list.head.value,
                 list.most, at.value);
      return;
    }
    if (!is_chunk_of(chunk_at, list.chunk_size)) {
      notes_.add("{} at {:#x} leads to {:#x}, where no chunk of {} bytes is", list.what, list.head.value,
                 at.value, list.chunk_size);
      return;
    }
    if (!marks.add(chunk_at + chunk::header)) {
      notes_.add("{} at {:#x} comes to the chunk at {:#x} a second time", list.what, list.head.value,
                 chunk_at.value);
      return;
    }
    const Address link = at + list.link;
    const auto stored = memory_.word(link);
    if (!stored) {
      notes_.add("{} at {:#x} cannot be read at {:#x}", list.what, list.head.value, link.value);
      return;
    }
    at = {reveal(link.value, *stored)};
  }
}

void FreeLists::add_fastbins(const Arena& of) {
  for (std::size_t bin = 0; bin < of.fastbins.size(); ++bin) {
    const Address head = of.address + (arena::fastbins + bin * word_bytes);
    add_list({"the fastbin", head, chunk_size_of(bin), chunk::header, limits::heap_blocks},
             {of.fastbins[bin]}, fast_);
  }
}

void FreeLists::add_tcache(Address at) {
  for (std::size_t bin = 0; bin < tcache::bin_count; ++bin) {
    const Address head = at + (tcache::entries + bin * word_bytes);
    const auto counts = memory_.word(at + bin / 4 * word_bytes);
    const auto first = memory_.word(head);
    if (!counts || !first) {
      notes_.add("the cache of a thread at {:#x} cannot be read", at.value);
      return;
    }
    const std::uint64_t count = *counts >> (bin % 4 * 16) & 0xffff;
    add_list({"a thread's cache", head, chunk_size_of(bin), 0, count}, {*first}, cached_);
  }
}

FreeLists::Look FreeLists::look_at_tcache(Address at) {
  bool empty = true;
  for (std::size_t bin = 0; bin < tcache::bin_count; ++bin) {
    const auto counts = memory_.word(at + bin / 4 * word_bytes);
    const auto first = memory_.word(at + (tcache::entries + bin * word_bytes));
    if (!counts || !first) return {false, false};
    const std::uint64_t count = *counts >> (bin % 4 * 16) & 0xffff;
    if ((count == 0) != (*first == 0)) return {false, false};
    if (count == 0) continue;
    empty = false;
    if (!is_chunk_of({*first - chunk::header}, chunk_size_of(bin))) return {false, false};
  }
  return {true, empty};
}

void FreeLists::take_out(std::vector<Block>& blocks, const std::vector<Address>& tcaches, Totals& totals) {
  std::size_t kept = 0;
  auto next_tcache = tcaches.begin();
  for (const Block& block : blocks) {
    const auto count = [&](Count& into) {
      into.chunks += 1;
      into.bytes += block.size + word_bytes;
    };
    while (next_tcache != tcaches.end() && *next_tcache < block.address) ++next_tcache;
    if (next_tcache != tcaches.end() && *next_tcache == block.address) continue;
    if (fast_.contains(block.address)) {
      count(totals.fastbin);
    } else if (cached_.contains(block.address)) {
      count(totals.tcache);
    } else {
      count(totals.in_use);
      blocks[kept++] = block;
    }
  }
  blocks.resize(kept);
  const std::uint64_t strays = fast_.size() + cached_.size() - totals.fastbin.chunks - totals.tcache.chunks;
  if (strays > 0) notes_.add("{} entries of lists of free chunks are no chunks of the heap", strays);
}

}  // namespace sonde::glibc_heap
