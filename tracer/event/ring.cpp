#include "sonde/event/ring.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <ctime>
#include <linux/futex.h>
#include <new>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include <climits>

namespace sonde::event {

// head and tail count bytes since the beginning and never wrap in practice (2^64 bytes).
struct RingControl {
  alignas(64) std::atomic<std::uint64_t> head;             // Written by the producer.
  alignas(64) std::atomic<std::uint64_t> tail;             // Written by the consumer.
  alignas(64) std::atomic<std::uint32_t> consumer_sleeps;  // Futex words.
  std::atomic<std::uint32_t> producer_sleeps;
  std::atomic<std::uint32_t> closed;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
              std::atomic<std::uint32_t>::is_always_lock_free);

namespace {

constexpr std::size_t control_bytes = 4096;

constexpr std::int64_t nap_ns = 500'000;

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t timeout_ns) {
  const timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
  ::syscall(SYS_futex, &word, FUTEX_WAIT, expected, &timeout, nullptr, 0);
}

void futex_wake(std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

// The sleeper stores its flag and then looks at the counter; the waker stores the counter and then looks at
// the flag. The fences make it impossible that both miss the other.
void wake_if_sleeping(std::atomic<std::uint32_t>& flag) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (flag.load(std::memory_order_relaxed) == 0) return;
  if (flag.exchange(0) != 0) futex_wake(flag);
}

}  // namespace

Result<Ring> Ring::create(std::size_t bytes) {
  Ring ring;
  const std::size_t size = std::bit_ceil(std::max(bytes, control_bytes));
  void* control = ::mmap(nullptr, control_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (control == MAP_FAILED) return fail_errno(errno, "cannot map the event ring");
  ring.control_ = new (control) RingControl{};
  void* place = ::mmap(nullptr, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) return fail_errno(errno, "cannot map the event ring");
  ring.data_ = static_cast<std::byte*>(place);
  ring.size_ = size;
  // Anonymous memory rather than a memfd, which a limit on the size of files would forbid. mremap(2) of 0
  // bytes maps shared memory a second time.
  const bool first = ::mmap(place, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
                            0) != MAP_FAILED;
  if (!first || ::mremap(place, 0, size, MREMAP_MAYMOVE | MREMAP_FIXED, ring.data_ + size) == MAP_FAILED) {
    return fail_errno(errno, "cannot map the event ring");
  }
  return ring;
}

Ring::Ring(Ring&& other) noexcept
    : control_(std::exchange(other.control_, nullptr)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

Ring::~Ring() {
  if (data_ != nullptr) ::munmap(data_, 2 * size_);
  if (control_ != nullptr) ::munmap(control_, control_bytes);
}

std::byte* Ring::reserve(std::size_t bytes) {
  const std::uint64_t head = control_->head.load(std::memory_order_relaxed);
  const std::uint64_t tail = control_->tail.load(std::memory_order_acquire);
  if (bytes > size_ - (head - tail)) return nullptr;
  return data_ + (head & (size_ - 1));
}

void Ring::commit(std::size_t bytes) {
  const std::uint64_t head = control_->head.load(std::memory_order_relaxed);
  control_->head.store(head + bytes, std::memory_order_release);
  wake_if_sleeping(control_->consumer_sleeps);
}

void Ring::wait_for_room() {
  const std::uint64_t tail = control_->tail.load();
  control_->producer_sleeps.store(1);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (control_->tail.load() == tail) futex_wait(control_->producer_sleeps, 1, 100'000'000);
  control_->producer_sleeps.store(0);
}

void Ring::close() {
  control_->closed.store(1);
  futex_wake(control_->closed);
  wake_if_sleeping(control_->consumer_sleeps);
}

Bytes Ring::readable() const {
  const std::uint64_t tail = control_->tail.load(std::memory_order_relaxed);
  const std::uint64_t head = control_->head.load(std::memory_order_acquire);
  // The tracer is ours, but a broken counter must not send the consumer out of its mapping.
  SONDE_CHECK(head - tail <= size_);
  return {data_ + (tail & (size_ - 1)), static_cast<std::size_t>(head - tail)};
}

void Ring::release(std::size_t bytes) {
  const std::uint64_t tail = control_->tail.load(std::memory_order_relaxed) + bytes;
  control_->tail.store(tail, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  // A waiting producer is let run once half of the ring is free: waking it for every frame would cost both
  // sides.
  const bool roomy = control_->head.load(std::memory_order_relaxed) - tail <= size_ / 2;
  if (roomy) wake_if_sleeping(control_->producer_sleeps);
}

void Ring::nap() const { futex_wait(control_->closed, 0, nap_ns); }

void Ring::wait_for_frames(int timeout_ms) {
  const auto anything = [this] { return !readable().empty() || closed(); };
  control_->consumer_sleeps.store(1);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!anything()) futex_wait(control_->consumer_sleeps, 1, timeout_ms * std::int64_t{1'000'000});
  control_->consumer_sleeps.store(0);
}

bool Ring::closed() const { return control_->closed.load(std::memory_order_acquire) != 0; }

}  // namespace sonde::event
