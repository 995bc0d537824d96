#include "sonde/process/copy_space.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <sys/mman.h>
#include <utility>

#include "sonde/base/large_pages.hpp"
#include "sonde/base/two_threads.hpp"

namespace sonde::process {

namespace {

constexpr std::size_t at_once = 16 * large_page_bytes;
constexpr int populate_write = 23;  // MADV_POPULATE_WRITE, Linux 5.14.

// After a few large pages that were not at hand no more are asked for.
class Readying {
 public:
  explicit Readying(std::span<std::byte> memory) : memory_(memory) {}

  void work() {
    while (true) {
      const std::size_t begin = next_.fetch_add(at_once);
      if (begin >= memory_.size()) return;
      ready(memory_.subspan(begin, std::min(at_once, memory_.size() - begin)));
    }
  }

 private:
  static constexpr int slow_at_most = 4;

  void ready(std::span<std::byte> piece) {
    ::madvise(piece.data(), piece.size(), MADV_HUGEPAGE);
    while (!piece.empty() && slow_ < slow_at_most) {
      const auto page = piece.first(std::min(large_page_bytes, piece.size()));
      if (!take_large_page(page)) ++slow_;
      piece = piece.subspan(page.size());
    }
    if (piece.empty()) return;
    ::madvise(piece.data(), piece.size(), MADV_NOHUGEPAGE);
    ::madvise(piece.data(), piece.size(), populate_write);
  }

  std::span<std::byte> memory_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<int> slow_ = 0;
};

}  // namespace

CopySpace::CopySpace(CopySpace&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      reserved_(std::exchange(other.reserved_, 0)) {}

CopySpace& CopySpace::operator=(CopySpace&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(size_, other.size_);
  std::swap(reserved_, other.reserved_);
  return *this;
}

CopySpace::~CopySpace() { release(); }

void CopySpace::release() {
  if (memory_ != nullptr) ::munmap(memory_, reserved_);
  memory_ = nullptr;
  size_ = reserved_ = 0;
}

bool CopySpace::reserve(std::size_t bytes) {
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  memory_ = static_cast<std::byte*>(memory);
  reserved_ = bytes;
  return true;
}

// Pieces of it are in small pages and others in large ones, which mremap() would not move together: so there
// are addresses for twice as much. Whole large pages: the kernel then begins it where one can.
Result<void> CopySpace::resize(std::uint64_t bytes) {
  const std::size_t size = std::max<std::size_t>(
      (bytes + large_page_bytes - 1) / large_page_bytes * large_page_bytes, large_page_bytes);
  if (size > reserved_) {
    release();
    if (!reserve(2 * size) && !reserve(size))
      return fail_errno(errno, "cannot make room for a copy of the process's memory");
  }
  if (size < size_) ::madvise(memory_ + size, size_ - size, MADV_DONTNEED);
  size_ = size;
  return {};
}

void CopySpace::make_ready() {
  Readying readying(bytes());
  in_two_threads([&] { readying.work(); });
}

}  // namespace sonde::process
