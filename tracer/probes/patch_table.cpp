#include "sonde/probes/patch_table.hpp"

#include <cerrno>
#include <sys/mman.h>
#include <utility>

#include "sonde/base/limits.hpp"

namespace sonde::probes {

struct PatchTable::Shared {
  std::atomic<std::uint32_t> used;  // Rows that were ever claimed are before this one.
  Patch rows[limits::patches];
};

// Pages that no row has touched take no memory.
Result<PatchTable> PatchTable::make() {
  void* const memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return fail_errno(errno, "cannot map the table of breakpoints");
  return PatchTable(static_cast<Shared*>(memory));
}

PatchTable::PatchTable(PatchTable&& other) noexcept
    : shared_(std::exchange(other.shared_, nullptr)), free_(std::move(other.free_)) {}

PatchTable::~PatchTable() {
  if (shared_ != nullptr) ::munmap(shared_, sizeof(Shared));
}

Patch* PatchTable::claim(Address address, std::uint8_t original) {
  Patch* row = nullptr;
  if (!free_.empty()) {
    row = free_.back();
    free_.pop_back();
  } else {
    const std::uint32_t used = shared_->used.load(std::memory_order_relaxed);
    if (used == limits::patches) return nullptr;
    row = &shared_->rows[used];
    shared_->used.store(used + 1, std::memory_order_release);
  }
  row->address = address.value;
  row->original = original;
  row->size = 0;
  row->executed_at = 0;
  row->slot_size = 0;
  row->slot = 0;
  return row;
}

void PatchTable::release(Patch* patch) {
  patch->pid.store(0, std::memory_order_release);
  free_.push_back(patch);
}

std::span<Patch> PatchTable::rows() const {
  return {shared_->rows, shared_->used.load(std::memory_order_acquire)};
}

}  // namespace sonde::probes
