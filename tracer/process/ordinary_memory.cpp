#include "sonde/process/ordinary_memory.hpp"

#include <algorithm>
#include <cstring>

#include "sonde/base/limits.hpp"
#include "sonde/process/proc_fs.hpp"

namespace sonde::process {

namespace {

bool holds_data(const memory::Mapping& mapping) {
  const bool of_kernel = mapping.name.starts_with("[v");  // [vvar], [vdso], [vsyscall]
  return mapping.readable && !mapping.shared && !of_kernel && !mapping.name.starts_with("/dev/");
}

}  // namespace

OrdinaryMemory::OrdinaryMemory(pid_t pid) : memory_(pid) {
  if (auto mappings = memory::parse_maps(ProcFs().maps(pid))) mappings_ = *std::move(mappings);
  std::erase_if(mappings_, [](const memory::Mapping& mapping) { return !holds_data(mapping); });
}

bool OrdinaryMemory::is_ordinary(Address page) const {
  const auto above =
      std::upper_bound(mappings_.begin(), mappings_.end(), page,
                       [](Address address, const auto& mapping) { return address < mapping.end; });
  return above != mappings_.end() && above->begin <= page;
}

const OrdinaryMemory::Page* OrdinaryMemory::page_at(Address page) const {
  if (const auto known = pages_.find(page.value); known != pages_.end())
    return known->second ? &*known->second : nullptr;
  if (pages_.size() >= limits::contents_pages) return nullptr;
  auto& made = pages_[page.value];
  Page bytes;
  if (is_ordinary(page) && memory_.read(page, bytes) == page_bytes) made = bytes;
  return made ? &*made : nullptr;
}

std::size_t OrdinaryMemory::read(Address address, std::span<std::byte> into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const std::uint64_t at = address.value + done;
    const Page* page = page_at({at & ~std::uint64_t{page_bytes - 1}});
    if (page == nullptr) break;
    const std::size_t offset = at % page_bytes;
    const std::size_t size = std::min(into.size() - done, page_bytes - offset);
    std::memcpy(into.data() + done, page->data() + offset, size);
    done += size;
  }
  return done;
}

}  // namespace sonde::process
