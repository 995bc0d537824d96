#include "glibc_heap/arena.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "glibc_heap/mappings.hpp"

namespace sonde::glibc_heap {

namespace {

// Of 127. A damaged heap may have spoiled some; memory that is no arena has none.
constexpr std::size_t bins_to_believe = 100;
constexpr std::uint64_t attached_threads_max = std::uint64_t{1} << 22;  // The kernel's PID_MAX_LIMIT.

bool bin_is_sound(CachedMemory& memory, Address bin) {
  const auto first = memory.word(bin + 16);
  const auto last = memory.word(bin + 24);
  if (!first || !last) return false;
  if (*first == bin.value || *last == bin.value) return *first == *last;
  return memory.word(Address{*first} + 24) == bin.value && memory.word(Address{*last} + 16) == bin.value;
}

// Whether following next from `address` comes back to it.
bool ring_closes(CachedMemory& memory, Address address) {
  Address at = address;
  for (std::size_t hops = 0; hops < limits::heap_walk_arenas; ++hops) {
    const auto next = memory.word(at + arena::next);
    if (!next || *next == 0) return false;
    at = {*next};
    if (at == address) return true;
  }
  return false;
}

// As libc's data has it before malloc's first call.
bool is_unused(CachedMemory& memory, Address address) {
  for (std::uint64_t offset = 0; offset < arena::next; offset += word_bytes) {
    if (memory.word(address + offset) != 0) return false;
  }
  return memory.word(address + arena::next) == address.value &&
         memory.word(address + arena::attached_threads) == 1 &&
         memory.word(address + arena::system_mem) == 0 && memory.word(address + arena::max_system_mem) == 0;
}

bool has_sound_counts(CachedMemory& memory, Address address) {
  const auto attached = memory.word(address + arena::attached_threads);
  const auto now = memory.word(address + arena::system_mem);
  const auto most = memory.word(address + arena::max_system_mem);
  const auto top = memory.word(address + arena::top);
  return attached && now && most && top && *attached <= attached_threads_max && *now <= *most &&
         *now % page_bytes == 0 && *top % chunk::alignment == 0 && *top != 0;
}

// A damaged one may have lost its place in the ring.
enum class Ring : std::uint8_t { whole, any };

bool looks_like_main_arena(CachedMemory& memory, Address address, Ring ring) {
  // The cheap question first: of all words few are the beginning of a ring.
  const auto next = memory.word(address + arena::next);
  if (!next || *next == 0 || *next % 8 != 0) return false;
  if (*next == address.value && is_unused(memory, address)) return true;
  return has_sound_counts(memory, address) && (ring == Ring::any || ring_closes(memory, address)) &&
         sound_bins(memory, address) >= bins_to_believe;
}

std::optional<Address> search_main_arena(const Process& process, CachedMemory& memory, Ring ring,
                                         Notes& notes) {
  std::vector<Address> hits;
  for (const Range& data : libc_data(process.mappings)) {
    for (std::uint64_t at = data.begin.value; at + arena::bytes <= data.end.value; at += word_bytes) {
      if (looks_like_main_arena(memory, {at}, ring)) hits.push_back({at});
    }
  }
  if (hits.empty()) return std::nullopt;
  if (hits.size() > 1)
    notes.add("{} places in libc's data look like main_arena; taken is the soundest", hits.size());
  return *std::ranges::max_element(hits, {}, [&](Address hit) { return sound_bins(memory, hit); });
}

std::optional<Address> search_main_arena(const Process& process, CachedMemory& memory, Notes& notes) {
  if (const auto found = search_main_arena(process, memory, Ring::whole, notes)) return found;
  return search_main_arena(process, memory, Ring::any, notes);
}

// An arena that is not main_arena lies behind the heap_info of its first heap.
bool is_in_its_heap(CachedMemory& memory, Address address) {
  const Address first{address.value & ~(heap::alignment - 1)};
  return address.value - first.value >= heap::bytes && address.value - first.value < page_bytes &&
         address.value % chunk::alignment == 0 && memory.word(first + heap::arena) == address.value;
}

// Where next has been overwritten, heaps still name their arenas: they lie where addresses are multiples of
// 64 MiB.
void add_arenas_of_heaps(const Process& process, CachedMemory& memory, std::vector<Arena>& arenas,
                         std::set<Address>& seen, Notes& notes) {
  for (const Range& piece : anonymous_pieces(process.mappings, {})) {
    const std::uint64_t first = (piece.begin.value + heap::alignment - 1) & ~(heap::alignment - 1);
    for (std::uint64_t at = first; at >= first && at < piece.end.value; at += heap::alignment) {
      const auto named = memory.word({at});
      if (!named || seen.contains({*named}) || !is_in_its_heap(memory, {*named})) continue;
      if (sound_bins(memory, {*named}) < bins_to_believe || arenas.size() >= limits::heap_walk_arenas)
        continue;
      const auto found = read_arena(memory, {*named});
      if (!found) continue;
      notes.add("the arena at {:#x} is in no ring of arenas; a heap names it", *named);
      seen.insert(found->address);
      arenas.push_back(*found);
    }
  }
}

}  // namespace

std::optional<Arena> read_arena(CachedMemory& memory, Address address) {
  Arena found{};
  found.address = address;
  const auto lock = memory.word(address + arena::mutex);
  const auto top = memory.word(address + arena::top);
  const auto next = memory.word(address + arena::next);
  const auto system_mem = memory.word(address + arena::system_mem);
  if (!lock || !top || !next || !system_mem) return std::nullopt;
  for (std::size_t i = 0; i < found.fastbins.size(); ++i) {
    const auto first = memory.word(address + arena::fastbins + i * word_bytes);
    if (!first) return std::nullopt;
    found.fastbins[i] = *first;
  }
  found.locked = (*lock & std::numeric_limits<std::uint32_t>::max()) != 0;
  found.top = {*top};
  found.next = {*next};
  found.system_mem = *system_mem;
  return found;
}

std::size_t sound_bins(CachedMemory& memory, Address address) {
  std::size_t sound = 0;
  for (std::size_t i = 0; i < arena::bin_count; ++i) {
    const Address bin = address + (arena::bins + i * 2 * word_bytes - chunk::header);
    if (bin_is_sound(memory, bin)) ++sound;
  }
  return sound;
}

std::optional<Arena> find_main_arena(const Process& process, CachedMemory& memory, Notes& notes) {
  std::optional<Address> address = process.symbols.main_arena;
  if (address && !looks_like_main_arena(memory, *address, Ring::whole)) {
    notes.add("main_arena is damaged, or not at {:#x}, where its symbol is", address->value);
    // What no longer looks like an arena may still say where the heap ends.
    const auto searched = search_main_arena(process, memory, notes);
    if (searched) {
      address = searched;
    } else if (!has_sound_counts(memory, *address)) {
      address.reset();
    }
  } else if (!address) {
    address = search_main_arena(process, memory, notes);
  }
  if (!address) return std::nullopt;
  auto found = read_arena(memory, *address);
  if (found) found->main = true;
  return found;
}

std::vector<Arena> find_arenas(const Process& process, CachedMemory& memory, const Arena& main,
                               Notes& notes) {
  std::vector<Arena> arenas = {main};
  std::set<Address> seen = {main.address};
  Address next = main.next;
  while (next != main.address) {
    if (arenas.size() >= limits::heap_walk_arenas) {
      notes.add("there are more than {} arenas", limits::heap_walk_arenas);
      break;
    }
    if (!seen.insert(next).second) {
      notes.add("the ring of arenas runs in a circle at {:#x} without main_arena", next.value);
      break;
    }
    const auto found = is_in_its_heap(memory, next) ? read_arena(memory, next) : std::nullopt;
    if (!found) {
      seen.erase(next);
      notes.add("the ring of arenas leads to {:#x}, where no arena is", next.value);
      break;
    }
    arenas.push_back(*found);
    next = found->next;
  }
  if (next != main.address) add_arenas_of_heaps(process, memory, arenas, seen, notes);
  return arenas;
}

}  // namespace sonde::glibc_heap
