// Free chunks whose headers do not say that they are free: those in fastbins and in threads' caches.
#pragma once

#include <vector>

#include "glibc_heap/arena.hpp"
#include "glibc_heap/cached_memory.hpp"
#include "glibc_heap/marks.hpp"
#include "glibc_heap/notes.hpp"
#include "sonde/glibc_heap/walk.hpp"

namespace sonde::glibc_heap {

class FreeLists {
 public:
  // `owned`, ascending and disjoint, is where chunks may be. It must outlive this.
  FreeLists(const MemoryReader& memory, const std::vector<Range>& owned, Notes& notes);

  // Marks all chunks of the arena's fastbins. A list ends where it is damaged.
  void add_fastbins(const Arena& arena);
  // Marks all chunks of a tcache_perthread_struct.
  void add_tcache(Address tcache);
  // Whether the memory there can be a tcache_perthread_struct; with no chunk in it at all it can.
  struct Look {
    bool possible;
    bool empty;
  };
  Look look_at_tcache(Address tcache);

  // Takes blocks that were marked, or are `tcaches`' own (ascending), out of `blocks`, and counts them and
  // what remains.
  void take_out(std::vector<Block>& blocks, const std::vector<Address>& tcaches, Totals& totals);

 private:
  struct List {
    std::string_view what;
    Address head;              // For messages.
    std::uint64_t chunk_size;  // Of all in it.
    std::uint64_t link;        // Where in a chunk the next one's address stands.
    std::uint64_t most;        // More than these cannot be in it.
  };
  void add_list(const List& list, Address first, Marks& marks);
  bool is_owned(Address address) const;
  bool is_chunk_of(Address chunk, std::uint64_t size);

  CachedMemory memory_;
  const std::vector<Range>& owned_;
  Notes& notes_;
  Marks fast_;
  Marks cached_;
};

}  // namespace sonde::glibc_heap
