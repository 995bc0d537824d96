#include "leaks/memory.hpp"

#include <algorithm>

#include "sonde/base/limits.hpp"

namespace sonde::leaks {

Memory::Memory(std::span<const Region> regions) {
  constexpr std::uint64_t address_end = std::uint64_t{1} << 63;
  regions_.reserve(std::min(regions.size(), limits::leak_regions));
  std::uint64_t end = 0;
  for (const Region& region : regions) {
    if (region.bytes.empty()) continue;
    if (region.begin < end || region.begin >= address_end ||
        region.bytes.size() > address_end - region.begin || regions_.size() == limits::leak_regions) {
      ++left_out_;
      continue;
    }
    regions_.push_back(region);
    end = region.end();
  }
}

std::size_t Memory::search(std::uint64_t address) const {
  const auto it = std::upper_bound(regions_.begin(), regions_.end(), address,
                                   [](std::uint64_t a, const Region& region) { return a < region.end(); });
  return last_ = static_cast<std::size_t>(it - regions_.begin());
}

Memory::Words Memory::words(std::uint64_t from, std::uint64_t to) const {
  for (std::size_t i = this->from(from); i < regions_.size() && regions_[i].begin < to; ++i) {
    const Region& region = regions_[i];
    const std::uint64_t begin = align_up(std::max(from, region.begin));
    const std::uint64_t end = align_down(std::min(to, region.end()));
    if (begin < end) {
      return {begin, region.bytes.data() + (begin - region.begin), (end - begin) / word_bytes};
    }
  }
  return {};
}

std::optional<std::uint64_t> Memory::word(std::uint64_t address) const {
  const Words words = this->words(address, address + word_bytes);
  if (words.count == 0) return std::nullopt;
  return load_word(words.bytes);
}

}  // namespace sonde::leaks
