#include "glibc_heap/arena.hpp"
#include "glibc_heap/mappings.hpp"

namespace sonde::glibc_heap {

namespace {

// What a request of `bytes` makes: its chunk's size, and the list of a thread's cache that has such chunks.
constexpr std::uint64_t chunk_bytes(std::uint64_t bytes) {
  return (bytes + word_bytes + chunk::alignment - 1) & ~(chunk::alignment - 1);
}
constexpr std::uint64_t tcache_bins(std::uint64_t max_bytes) {
  return (chunk_bytes(max_bytes) - chunk::smallest) / chunk::alignment + 1;
}
static_assert(tcache_bins(1032) == tcache::bin_count);  // As it is without tunables.

// Tunables may ask for fewer lists. Who has only a guess where the parameters are knows them by all 64.
std::optional<Parameters> read_parameters(CachedMemory& memory, Address address, bool guess) {
  const auto bins = memory.word(address + parameters::tcache_bins);
  const auto max_bytes = memory.word(address + parameters::tcache_max_bytes);
  const auto count = memory.word(address + parameters::tcache_count);
  if (!bins || *bins == 0 || (guess && *bins != tcache::bin_count) || *bins > tcache::bin_count ||
      !max_bytes || *max_bytes < 8 || *max_bytes > 1032 || tcache_bins(*max_bytes) != *bins || !count ||
      *count > 0xffff) {
    return std::nullopt;
  }
  const auto mapped = memory.word(address + parameters::mmapped_mem);
  const auto mapped_most = memory.word(address + parameters::max_mmapped_mem);
  const auto base = memory.word(address + parameters::sbrk_base);
  // n_mmaps is the upper half of an aligned word.
  const auto counts = memory.word(address + (parameters::mmaps & ~std::uint64_t{7}));
  if (!mapped || !mapped_most || !base || !counts || *mapped > *mapped_most || *mapped % page_bytes != 0) {
    return std::nullopt;
  }
  return Parameters{address, static_cast<std::uint32_t>(*counts >> 32), *mapped, {*base}};
}
static_assert(parameters::mmaps % 8 == 4);

}  // namespace

std::optional<Parameters> find_parameters(const Process& process, CachedMemory& memory) {
  if (process.symbols.mp) {
    if (auto found = read_parameters(memory, *process.symbols.mp, false)) return found;
  }
  for (const Range& data : libc_data(process.mappings)) {
    for (std::uint64_t at = data.begin.value; at + parameters::bytes <= data.end.value; at += word_bytes) {
      if (auto found = read_parameters(memory, {at}, true)) return found;
    }
  }
  return std::nullopt;
}

}  // namespace sonde::glibc_heap
