#include "glibc_heap/tcaches.hpp"

#include <algorithm>
#include <map>

#include "glibc_heap/layout.hpp"
#include "glibc_heap/mappings.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::glibc_heap {

namespace {

// In 2.36 they are 16 bytes apart, in one file's variables.
constexpr std::int64_t apart_at_most = 128;
constexpr std::size_t threads_to_ask = 64;

class ThreadVariables {
 public:
  ThreadVariables(const Process& process, CachedMemory& memory, const std::vector<Arena>& arenas,
                  const std::vector<Address>& candidates)
      : process_(process), memory_(memory), candidates_(candidates) {
    for (const Arena& arena : arenas) arenas_.push_back(arena.address);
    std::ranges::sort(arenas_);
  }

  // Where the variable tcache lies, from the thread pointer: the same for all threads, since libc's variables
  // are in the static block below it. There a pointer to an arena (thread_arena) is the variable's neighbour.
  std::optional<std::uint64_t> find_offset() {
    std::map<std::uint64_t, std::size_t> votes;
    for (const Address pointer :
         process_.thread_pointers.first(std::min(process_.thread_pointers.size(), threads_to_ask))) {
      const Mapping* mapping = mapping_of(process_.mappings, pointer);
      if (mapping == nullptr) continue;
      const std::uint64_t below =
          std::min<std::uint64_t>(pointer.value - mapping->range.begin.value, limits::heap_walk_static_tls);
      if (const auto offset = find_offset(pointer, below)) ++votes[*offset];
    }
    const auto most = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
    if (most == votes.end()) return std::nullopt;
    return most->first;
  }

 private:
  std::optional<std::uint64_t> find_offset(Address pointer, std::uint64_t below) {
    for (std::uint64_t down = word_bytes; down <= below; down += word_bytes) {
      const Address at{pointer.value - down};
      const auto word = memory_.word(at);
      if (!word || !std::ranges::binary_search(arenas_, Address{*word})) continue;
      if (const auto distance = process_.symbols.tcache_from_thread_arena) {
        if (points_to_candidate(at + static_cast<std::uint64_t>(*distance))) {
          return static_cast<std::uint64_t>(*distance) - down;
        }
        continue;
      }
      for (std::int64_t distance = -apart_at_most; distance <= apart_at_most; distance += word_bytes) {
        if (points_to_candidate(at + static_cast<std::uint64_t>(distance))) {
          return static_cast<std::uint64_t>(distance) - down;
        }
      }
    }
    return std::nullopt;
  }

  bool points_to_candidate(Address at) {
    const auto word = memory_.word(at);
    return word && std::ranges::binary_search(candidates_, Address{*word});
  }

  const Process& process_;
  CachedMemory& memory_;
  const std::vector<Address>& candidates_;
  std::vector<Address> arenas_;
};

std::vector<Address> by_variables(const Process& process, CachedMemory& memory, std::uint64_t offset,
                                  const std::vector<Address>& candidates, Notes& notes) {
  std::vector<Address> found;
  for (const Address pointer : process.thread_pointers) {
    const auto word = memory.word(pointer + offset);
    if (!word) {
      notes.add("the variables of the thread at {:#x} cannot be read", pointer.value);
    } else if (*word != 0 && std::ranges::binary_search(candidates, Address{*word})) {
      found.push_back({*word});
    } else if (*word != 0) {
      notes.add("the thread at {:#x} has its cache at {:#x}, where no such block is", pointer.value, *word);
    }
  }
  return found;
}

std::vector<Address> by_looks(const std::vector<Address>& candidates, std::vector<Address> first_blocks,
                              FreeLists& lists) {
  std::ranges::sort(first_blocks);
  std::vector<Address> found;
  for (const Address candidate : candidates) {
    const auto look = lists.look_at_tcache(candidate);
    if (look.possible && (!look.empty || std::ranges::binary_search(first_blocks, candidate))) {
      found.push_back(candidate);
    }
  }
  return found;
}

}  // namespace

std::vector<Address> find_tcaches(const Process& process, CachedMemory& memory,
                                  const std::vector<Arena>& arenas, const std::vector<Block>& blocks,
                                  const std::vector<Address>& first_blocks, FreeLists& lists, Notes& notes) {
  std::vector<Address> candidates;
  for (const Block& block : blocks) {
    if (tcache::fits(block.size + word_bytes)) candidates.push_back(block.address);
  }
  std::vector<Address> found;
  const auto offset = ThreadVariables(process, memory, arenas, candidates).find_offset();
  if (offset) {
    found = by_variables(process, memory, *offset, candidates, notes);
  } else {
    found = by_looks(candidates, first_blocks, lists);
    if (!process.thread_pointers.empty() && !found.empty()) {
      notes.add("the threads' variables were not understood; their caches were found by what they look like");
    }
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace sonde::glibc_heap
