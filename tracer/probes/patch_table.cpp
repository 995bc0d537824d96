#include "sonde/probes/patch_table.hpp"

#include <cerrno>
#include <sys/mman.h>
#include <utility>

#include "sonde/base/limits.hpp"

namespace sonde::probes {

struct PatchTable::Shared {
  std::atomic<std::uint32_t> used;  // Rows that were ever claimed are before this one.
  Patch rows[limits::patches];
  std::atomic<std::uint32_t> used_handlers;
  HandlerRow handlers[limits::trap_handlers];
};

namespace {

// The row that was released last, or the next of those that never had anybody. nullptr when there is none.
template <typename Row>
Row* take_row(std::vector<Row*>& free, std::atomic<std::uint32_t>& used, std::span<Row> rows) {
  if (!free.empty()) {
    Row* const row = free.back();
    free.pop_back();
    return row;
  }
  const std::uint32_t next = used.load(std::memory_order_relaxed);
  if (next == rows.size()) return nullptr;
  used.store(next + 1, std::memory_order_release);
  return &rows[next];
}

}  // namespace

// Pages that no row has touched take no memory.
Result<PatchTable> PatchTable::make() {
  void* const memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return fail_errno(errno, "cannot map the table of breakpoints");
  return PatchTable(static_cast<Shared*>(memory));
}

PatchTable::PatchTable(PatchTable&& other) noexcept
    : shared_(std::exchange(other.shared_, nullptr)),
      free_(std::move(other.free_)),
      free_handlers_(std::move(other.free_handlers_)) {}

PatchTable::~PatchTable() {
  if (shared_ != nullptr) ::munmap(shared_, sizeof(Shared));
}

Patch* PatchTable::claim(Address address, std::uint8_t original) {
  Patch* const row = take_row<Patch>(free_, shared_->used, shared_->rows);
  if (row == nullptr) return nullptr;
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

HandlerRow* PatchTable::claim_handler(Address code, bool ignored,
                                      const std::array<std::byte, handler_code_bytes>& original) {
  HandlerRow* const row = take_row<HandlerRow>(free_handlers_, shared_->used_handlers, shared_->handlers);
  if (row == nullptr) return nullptr;
  row->code = code.value;
  row->ignored = ignored;
  row->calling.tid = 0;
  row->original = original;
  return row;
}

void PatchTable::release(HandlerRow* row) {
  row->pid.store(0, std::memory_order_release);
  free_handlers_.push_back(row);
}

std::span<HandlerRow> PatchTable::handlers() const {
  return {shared_->handlers, shared_->used_handlers.load(std::memory_order_acquire)};
}

std::span<Patch> PatchTable::rows() const {
  return {shared_->rows, shared_->used.load(std::memory_order_acquire)};
}

}  // namespace sonde::probes
