#include "sonde/process/memory_copy.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "process/touched_pages.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/base/read_file.hpp"
#include "sonde/base/two_threads.hpp"
#include "sonde/memory/mapping.hpp"
#include "sonde/memory/process_memory.hpp"
#include "sonde/process/proc_fs.hpp"

namespace sonde::process {

namespace {

constexpr std::uint64_t page_bytes = 4096;

// A device may take a read for a command; [vvar] and its like are the kernel's.
bool holds_data(const memory::Mapping& mapping) {
  const std::string_view name = mapping.name;
  const bool shared_memory = name.starts_with("/dev/zero") || name.starts_with("/dev/shm/");
  return mapping.readable && (mapping.writable || !mapping.executable) && !name.starts_with("[v") &&
         (shared_memory || !name.starts_with("/dev/"));
}

// What there is to be copied.
struct Plan {
  std::string maps;
  std::vector<Pages> touched;
  std::uint64_t bytes = 0;
  std::uint64_t left_out = 0;
};

Result<Plan> plan_copy(pid_t tid, std::uint64_t room) {
  Plan plan;
  plan.maps = ProcFs().maps(tid);
  const auto mappings = memory::parse_maps(plan.maps);
  if (!mappings) return Failure(mappings.error());
  auto pages = TouchedPages::of(tid);
  if (!pages) return Failure(pages.error());
  for (const memory::Mapping& mapping : *mappings) {
    if (holds_data(mapping) && !pages->append(mapping, room, plan.touched))
      plan.left_out += mapping.end.value - mapping.begin.value;
  }
  plan.bytes = pages->bytes();
  if (plan.bytes > room)
    return fail(ErrorCode::limit,
                fmt::format("the process has {} MiB of memory or more, and there is room for {}",
                            plan.bytes >> 20, room >> 20));
  return plan;
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

// Copied pieces, by address. A page that has vanished leaves a hole, and the next may be there.
class Runs {
 public:
  // `offset`: what the copy's place is called.
  void take(const memory::ProcessMemory& memory, std::uint64_t begin, std::span<std::byte> into,
            std::uint64_t offset) {
    for (std::size_t done = 0; done < into.size();) {
      const std::size_t got = memory.read({begin + done}, into.subspan(done));
      if (got != 0) append({begin + done, got, offset + done});
      done += got;
      if (done < into.size()) done += page_bytes - (begin + done) % page_bytes;
    }
  }
  void append(const CopiedRun& run) {
    if (!runs_.empty() && runs_.back().begin + runs_.back().size == run.begin &&
        runs_.back().offset + runs_.back().size == run.offset) {
      runs_.back().size += run.size;
    } else {
      runs_.push_back(run);
    }
  }
  std::vector<CopiedRun>& all() { return runs_; }

 private:
  std::vector<CopiedRun> runs_;
};

MemoryCopy copy_of(Plan plan, std::vector<CopiedRun> runs) {
  MemoryCopy copied{.runs = std::move(runs), .maps = std::move(plan.maps), .left_out = plan.left_out};
  for (const CopiedRun& run : copied.runs) copied.bytes += run.size;
  return copied;
}

// Pieces of memory that are copied by whoever has time.
class SharedWork {
 public:
  SharedWork(pid_t tid, const std::vector<Pages>& touched, std::span<std::byte> into)
      : tid_(tid), into_(into) {
    std::uint64_t offset = 0;
    for (const Pages& pages : touched) {
      for (std::uint64_t at = pages.begin; at < pages.end;) {
        if (parts_.empty() || parts_.back().bytes >= part_bytes) parts_.push_back({{}, offset, 0, {}});
        const std::uint64_t size = std::min(pages.end - at, part_bytes - parts_.back().bytes);
        parts_.back().pages.push_back({at, at + size});
        parts_.back().bytes += size;
        at += size;
        offset += size;
      }
    }
  }

  void work() {
    const memory::ProcessMemory memory(tid_);
    for (std::size_t i = next_++; i < parts_.size(); i = next_++) {
      Part& part = parts_[i];
      std::uint64_t offset = part.offset;
      for (const Pages& pages : part.pages) {
        part.runs.take(memory, pages.begin, into_.subspan(offset, pages.size()), offset);
        offset += pages.size();
      }
    }
  }

  std::vector<CopiedRun> runs() {
    Runs all;
    for (Part& part : parts_) {
      for (const CopiedRun& run : part.runs.all()) all.append(run);
    }
    return std::move(all.all());
  }

 private:
  static constexpr std::uint64_t part_bytes = 16 << 20;
  struct Part {
    std::vector<Pages> pages;
    std::uint64_t offset;
    std::uint64_t bytes;
    Runs runs;
  };

  pid_t tid_;
  std::span<std::byte> into_;
  std::vector<Part> parts_;
  std::atomic<std::size_t> next_ = 0;
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
  auto plan = plan_copy(tid, room);
  if (!plan) return Failure(plan.error());
  if (::ftruncate(file, static_cast<off_t>(offset + plan->bytes)) != 0)
    return fail_errno(errno, "cannot make room for a copy of the process's memory");
  constexpr std::uint64_t window_bytes = 64 << 20;
  const memory::ProcessMemory memory(tid);
  Runs runs;
  for (Pages pages : plan->touched) {
    while (pages.begin != pages.end) {
      const std::uint64_t size = std::min(pages.size(), window_bytes);
      const Window window(file, offset, size);
      if (window.bytes().empty()) return fail_errno(errno, "cannot map a copy of the process's memory");
      runs.take(memory, pages.begin, window.bytes(), offset);
      offset += size;
      pages.begin += size;
    }
  }
  return copy_of(*std::move(plan), std::move(runs.all()));
}

Result<std::uint64_t> bytes_to_copy(pid_t tid, std::uint64_t room) {
  const auto plan = plan_copy(tid, room);
  if (!plan) return Failure(plan.error());
  return plan->bytes;
}

Result<MemoryCopy> copy_memory(pid_t tid, CopySpace& space, std::uint64_t room) {
  auto plan = plan_copy(tid, room);
  if (!plan) return Failure(plan.error());
  if (auto resized = space.resize(plan->bytes); !resized) return Failure(resized.error());
  SharedWork work(tid, plan->touched, space.bytes());
  in_two_threads([&] { work.work(); });
  return copy_of(*std::move(plan), work.runs());
}

}  // namespace sonde::process
