#include "sonde/analysis/site_growth.hpp"

#include <algorithm>
#include <unordered_map>

#include "sonde/base/limits.hpp"

namespace sonde::analysis {

namespace {

struct Risen {
  std::uint32_t site;
  std::uint64_t bytes;
};

// All of them cost a look at two points; what their trend is costs more.
std::vector<Risen> risen_most(const HeapGrowth& growth) {
  std::vector<Risen> risen;
  for (std::uint32_t site = 0; site < growth.sites(); ++site) {
    const auto [first, last] = growth.ends_of(site);
    if (last.bytes > first.bytes) risen.push_back({site, last.bytes - first.bytes});
  }
  const auto more = [](const Risen& a, const Risen& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.site < b.site;
  };
  const auto kept = risen.begin() + static_cast<std::ptrdiff_t>(std::min(risen.size(), limits::growth_sites));
  std::partial_sort(risen.begin(), kept, risen.end(), more);
  risen.erase(kept, risen.end());
  return risen;
}

}  // namespace

std::vector<SiteGrowth> growing_sites(const HeapGrowth& growth) {
  std::vector<SiteGrowth> all;
  for (const Risen& risen : risen_most(growth)) {
    const std::vector<LivePoint> points = growth.points_of(risen.site);
    std::vector<std::uint64_t> bytes;
    std::vector<std::uint64_t> blocks;
    for (const LivePoint& point : points) {
      bytes.push_back(point.bytes);
      blocks.push_back(point.blocks);
    }
    all.push_back({risen.site, develop(growth.rounds(), bytes), develop(growth.rounds(), blocks).per_round,
                   points.front(), points.back()});
  }
  return all;
}

std::vector<OldBlocks> blocks_before(const ProcessHeap& heap, Nanoseconds time) {
  std::unordered_map<std::uint32_t, OldBlocks> by_site;
  heap.blocks().each([&](const LiveBlock& block) {
    if (block.time >= time) return;
    OldBlocks& old = by_site.try_emplace(block.site, OldBlocks{block.site, {}, block.time}).first->second;
    old.live.bytes += block.size;
    ++old.live.blocks;
    old.oldest = std::min(old.oldest, block.time);
  });
  std::vector<OldBlocks> all;
  all.reserve(by_site.size());
  for (const auto& [site, old] : by_site) all.push_back(old);
  std::sort(all.begin(), all.end(), [](const OldBlocks& a, const OldBlocks& b) {
    return a.live.bytes != b.live.bytes ? a.live.bytes > b.live.bytes : a.site < b.site;
  });
  return all;
}

}  // namespace sonde::analysis
