#include "sonde/output/heap_contents.hpp"

#include <algorithm>
#include <span>
#include <unordered_map>

namespace sonde::output {

namespace {

constexpr std::size_t blocks_a_site = 3;
constexpr std::size_t page_bytes = 4096;

using analysis::LiveBlock;
using analysis::ProcessHeap;

bool is_older(const LiveBlock& a, const LiveBlock& b) {
  return a.time != b.time ? a.time < b.time : a.address < b.address;
}

void keep_oldest(std::vector<LiveBlock>& oldest, const LiveBlock& block) {
  if (oldest.size() == blocks_a_site && !is_older(block, oldest.back())) return;
  oldest.insert(std::upper_bound(oldest.begin(), oldest.end(), block, is_older), block);
  if (oldest.size() > blocks_a_site) oldest.pop_back();
}

// By their places in ProcessHeap::sites().
std::vector<std::uint32_t> largest_sites(const ProcessHeap& heap, std::size_t count) {
  std::vector<std::uint32_t> sites;
  for (std::uint32_t i = 0; i < heap.sites().size(); ++i) {
    if (heap.sites()[i].counters.live_blocks != 0) sites.push_back(i);
  }
  const auto shown = sites.begin() + static_cast<std::ptrdiff_t>(std::min(count, sites.size()));
  std::partial_sort(sites.begin(), shown, sites.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto& left = heap.sites()[a];
    const auto& right = heap.sites()[b];
    return std::pair(left.counters.live_bytes, right.stack) >
           std::pair(right.counters.live_bytes, left.stack);
  });
  sites.erase(shown, sites.end());
  return sites;
}

// A page that cannot be read is a hole, and the next may be one or not.
BlockContents read(const LiveBlock& block, std::size_t wanted, const MemoryReader& memory) {
  BlockContents contents{block, std::vector<std::byte>(std::min<std::uint64_t>(wanted, block.size)), {}};
  const std::span<std::byte> bytes(contents.bytes);
  for (std::size_t done = 0; done < bytes.size();) {
    done += memory.read({block.address + done}, bytes.subspan(done));
    if (done >= bytes.size()) break;
    const std::size_t next = std::min(bytes.size(), done + page_bytes - (block.address + done) % page_bytes);
    if (!contents.holes.empty() && contents.holes.back().end == done) {
      contents.holes.back().end = next;
    } else {
      contents.holes.push_back({done, next});
    }
    done = next;
  }
  return contents;
}

}  // namespace

bool is_there(const ProcessHeap& heap) {
  return heap.how_ended() == analysis::HeapEnd::running || heap.how_ended() == analysis::HeapEnd::detached;
}

std::vector<SiteContents> contents_of(const ProcessHeap& heap, std::size_t sites, std::size_t bytes,
                                      const MemoryReader& memory) {
  const std::vector<std::uint32_t> chosen = largest_sites(heap, sites);
  std::unordered_map<std::uint32_t, std::vector<LiveBlock>> oldest;
  for (const std::uint32_t site : chosen) oldest[site].reserve(blocks_a_site + 1);
  heap.blocks().each([&](const LiveBlock& block) {
    if (const auto found = oldest.find(block.site); found != oldest.end()) keep_oldest(found->second, block);
  });
  std::vector<SiteContents> all;
  for (const std::uint32_t site : chosen) {
    SiteContents contents{site, {}};
    for (const LiveBlock& block : oldest[site]) contents.blocks.push_back(read(block, bytes, memory));
    if (!contents.blocks.empty()) all.push_back(std::move(contents));
  }
  return all;
}

}  // namespace sonde::output
