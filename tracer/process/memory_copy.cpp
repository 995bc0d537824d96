#include "sonde/process/memory_copy.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"
#include "sonde/base/read_file.hpp"
#include "sonde/base/unique_fd.hpp"
#include "sonde/memory/mapping.hpp"
#include "sonde/memory/process_memory.hpp"
#include "sonde/process/proc_fs.hpp"

namespace sonde::process {

namespace {

constexpr std::uint64_t page_bytes = 4096;
constexpr std::size_t entries_at_once = 16'384;  // Of pagemap: 64 MiB of the process.
// Kernel documentation, admin-guide/mm/pagemap: bit 63 page present, bit 62 page swapped.
constexpr std::uint64_t is_there = std::uint64_t{3} << 62;
constexpr std::uint64_t of_file = std::uint64_t{1} << 61;  // Or shared; else the process's own.

// A device may take a read for a command; [vvar] and its like are the kernel's.
bool holds_data(const memory::Mapping& mapping) {
  const std::string_view name = mapping.name;
  const bool shared_memory = name.starts_with("/dev/zero") || name.starts_with("/dev/shm/");
  return mapping.readable && (mapping.writable || !mapping.executable) && !name.starts_with("[v") &&
         (shared_memory || !name.starts_with("/dev/"));
}

struct Pages {
  std::uint64_t begin;
  std::uint64_t end;
};

// The pages of a mapping that it has touched.
void append_touched(int pagemap, const memory::Mapping& mapping, std::vector<Pages>& touched) {
  std::array<std::uint64_t, entries_at_once> entries;
  for (std::uint64_t at = mapping.begin.value; at < mapping.end.value;) {
    const std::uint64_t wanted =
        std::min<std::uint64_t>((mapping.end.value - at) / page_bytes, entries.size());
    const auto got = ::pread(pagemap, entries.data(), wanted * sizeof entries[0],
                             static_cast<off_t>(at / page_bytes * sizeof entries[0]));
    if (got <= 0) return;
    const auto known = static_cast<std::size_t>(got) / sizeof entries[0];
    for (std::size_t i = 0; i < known; ++i, at += page_bytes) {
      if ((entries[i] & is_there) == 0 || (!mapping.writable && (entries[i] & of_file) != 0)) continue;
      if (!touched.empty() && touched.back().end == at) {
        touched.back().end = at + page_bytes;
      } else {
        touched.push_back({at, at + page_bytes});
      }
    }
  }
}

// A piece of the file, mapped for as long as it is written.
class Window {
 public:
  Window(int file, std::uint64_t offset, std::size_t size)
      : size_(size),
        memory_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, static_cast<off_t>(offset))) {
  }
  ~Window() {
    if (memory_ != MAP_FAILED) ::munmap(memory_, size_);
  }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  std::span<std::byte> bytes() const {
    if (memory_ == MAP_FAILED) return {};
    return {static_cast<std::byte*>(memory_), size_};
  }

 private:
  std::size_t size_;
  void* memory_;
};

class Copier {
 public:
  Copier(pid_t tid, int file, std::uint64_t offset) : memory_(tid), file_(file), offset_(offset) {}

  bool copy(Pages pages) {
    constexpr std::uint64_t window_bytes = 64 << 20;
    while (pages.begin != pages.end) {
      const std::uint64_t size = std::min(pages.end - pages.begin, window_bytes);
      const Window window(file_, offset_, size);
      if (window.bytes().empty()) return false;
      take(pages.begin, window.bytes());
      offset_ += size;
      pages.begin += size;
    }
    return true;
  }
  MemoryCopy& copied() { return copied_; }

 private:
  // A page that has vanished leaves a hole, and the next may be there.
  void take(std::uint64_t begin, std::span<std::byte> into) {
    for (std::size_t done = 0; done < into.size();) {
      const std::size_t got = memory_.read({begin + done}, into.subspan(done));
      if (got != 0) append({begin + done, got, offset_ + done});
      done += got;
      if (done < into.size()) done += page_bytes - (begin + done) % page_bytes;
    }
  }
  void append(const CopiedRun& run) {
    copied_.bytes += run.size;
    auto& runs = copied_.runs;
    if (!runs.empty() && runs.back().begin + runs.back().size == run.begin &&
        runs.back().offset + runs.back().size == run.offset) {
      runs.back().size += run.size;
    } else {
      runs.push_back(run);
    }
  }

  memory::ProcessMemory memory_;
  int file_;
  std::uint64_t offset_;
  MemoryCopy copied_;
};

}  // namespace

std::uint64_t room_for_copies() {
  const auto text = read_file("/proc/meminfo", limits::proc_file_bytes);
  if (!text) return 0;
  constexpr std::string_view key = "MemAvailable:";
  const std::size_t at = text->find(key);
  if (at == std::string::npos) return 0;
  const std::uint64_t kib = std::strtoull(text->c_str() + at + key.size(), nullptr, 10);
  return kib * 1024 / 4 * 3;
}

Result<MemoryCopy> copy_memory(pid_t tid, int file, std::uint64_t offset, std::uint64_t room) {
  std::string maps = ProcFs().maps(tid);
  const auto mappings = memory::parse_maps(maps);
  if (!mappings) return Failure(mappings.error());
  const UniqueFd pagemap(::open(fmt::format("/proc/{}/pagemap", tid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!pagemap) return fail_errno(errno, fmt::format("cannot open /proc/{}/pagemap", tid));
  std::vector<Pages> touched;
  std::uint64_t left_out = 0;
  for (const memory::Mapping& mapping : *mappings) {
    if (!holds_data(mapping)) continue;
    const std::uint64_t size = mapping.end.value - mapping.begin.value;
    if (size > limits::copied_mapping_bytes) {
      left_out += size;
    } else {
      append_touched(pagemap.value(), mapping, touched);
    }
  }
  std::uint64_t needed = 0;
  for (const Pages& pages : touched) needed += pages.end - pages.begin;
  if (needed > room)
    return fail(ErrorCode::limit, fmt::format("the process has {} MiB of memory, and there is room for {}",
                                              needed >> 20, room >> 20));
  if (::ftruncate(file, static_cast<off_t>(offset + needed)) != 0)
    return fail_errno(errno, "cannot make room for a copy of the process's memory");
  Copier copier(tid, file, offset);
  for (const Pages& pages : touched) {
    if (!copier.copy(pages)) return fail_errno(errno, "cannot map a copy of the process's memory");
  }
  MemoryCopy copied = std::move(copier.copied());
  copied.maps = std::move(maps);
  copied.left_out = left_out;
  return copied;
}

}  // namespace sonde::process
