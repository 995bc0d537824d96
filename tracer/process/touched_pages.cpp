#include "process/touched_pages.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"

namespace sonde::process {

namespace {

constexpr std::uint64_t page_bytes = 4096;
constexpr std::size_t entries_at_once = 16'384;  // Of pagemap: 64 MiB of the process.
// Kernel documentation, admin-guide/mm/pagemap: bit 63 page present, bit 62 page swapped.
constexpr std::uint64_t is_there = std::uint64_t{3} << 62;
constexpr std::uint64_t of_file = std::uint64_t{1} << 61;  // Or shared; else the process's own.

// The same document, "The ioctl"; <linux/fs.h> has them from 6.7 on.
struct ScanRegion {
  std::uint64_t begin;
  std::uint64_t end;
  std::uint64_t categories;
};
struct ScanArguments {
  std::uint64_t size = sizeof(ScanArguments);
  std::uint64_t flags = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t walk_end = 0;
  std::uint64_t regions = 0;
  std::uint64_t regions_count = 0;
  std::uint64_t most_pages = 0;  // No limit.
  std::uint64_t inverted = 0;
  std::uint64_t wanted = 0;         // All of these categories,
  std::uint64_t wanted_any_of = 0;  // and one of these.
  std::uint64_t told = 0;           // Neighbours that differ in what is told would not be one region.
};
static_assert(sizeof(ScanArguments) == 96);
constexpr unsigned long scan_request = _IOWR('f', 16, ScanArguments);
constexpr std::uint64_t scan_file = 1 << 2;
constexpr std::uint64_t scan_present = 1 << 3;
constexpr std::uint64_t scan_swapped = 1 << 4;

}  // namespace

Result<TouchedPages> TouchedPages::of(pid_t tid, bool scan) {
  UniqueFd pagemap(::open(fmt::format("/proc/{}/pagemap", tid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!pagemap) return fail_errno(errno, fmt::format("cannot open /proc/{}/pagemap", tid));
  return TouchedPages(std::move(pagemap), scan);
}

void TouchedPages::add(Pages pages, std::vector<Pages>& touched) {
  bytes_ += pages.size();
  if (!touched.empty() && touched.back().end == pages.begin) {
    touched.back().end = pages.end;
  } else {
    touched.push_back(pages);
  }
}

bool TouchedPages::append(const memory::Mapping& mapping, std::uint64_t room, std::vector<Pages>& touched) {
  if (scan_ && append_scanned(mapping, room, touched)) return true;
  if (mapping.end.value - mapping.begin.value > limits::copied_mapping_bytes) return false;
  append_read(mapping, room, touched);
  return true;
}

// False where the kernel cannot do it: nothing was added then.
bool TouchedPages::append_scanned(const memory::Mapping& mapping, std::uint64_t room,
                                  std::vector<Pages>& touched) {
  std::array<ScanRegion, 512> regions;
  ScanArguments arguments;
  arguments.end = mapping.end.value;
  arguments.regions = reinterpret_cast<std::uintptr_t>(regions.data());
  arguments.regions_count = regions.size();
  arguments.wanted_any_of = scan_present | scan_swapped;
  if (!mapping.writable) arguments.wanted = arguments.inverted = scan_file;
  for (std::uint64_t at = mapping.begin.value; at < mapping.end.value && bytes_ <= room;) {
    arguments.begin = at;
    const int found = ::ioctl(pagemap_.value(), scan_request, &arguments);
    if (found < 0 && errno == EINTR) continue;
    if (found < 0 || arguments.walk_end <= at) {
      const bool first = at == mapping.begin.value;
      if (first) scan_ = false;
      return !first;  // Of a process that is ending there is no more.
    }
    for (const ScanRegion& region : std::span(regions).first(static_cast<std::size_t>(found)))
      add({region.begin, region.end}, touched);
    // Kernels up to 6.18 tell too low a place, where they have filled a buffer of their own on the way.
    at = arguments.walk_end;
    if (found > 0) at = std::max(at, regions[static_cast<std::size_t>(found) - 1].end);
  }
  return true;
}

void TouchedPages::append_read(const memory::Mapping& mapping, std::uint64_t room,
                               std::vector<Pages>& touched) {
  std::array<std::uint64_t, entries_at_once> entries;
  for (std::uint64_t at = mapping.begin.value; at < mapping.end.value && bytes_ <= room;) {
    const std::uint64_t wanted =
        std::min<std::uint64_t>((mapping.end.value - at) / page_bytes, entries.size());
    const auto got = ::pread(pagemap_.value(), entries.data(), wanted * sizeof entries[0],
                             static_cast<off_t>(at / page_bytes * sizeof entries[0]));
    if (got <= 0) return;
    const auto known = static_cast<std::size_t>(got) / sizeof entries[0];
    for (std::size_t i = 0; i < known; ++i, at += page_bytes) {
      if ((entries[i] & is_there) == 0 || (!mapping.writable && (entries[i] & of_file) != 0)) continue;
      add({at, at + page_bytes}, touched);
    }
  }
}

}  // namespace sonde::process
