// The bulk channel from the tracer to the console: a single-producer, single-consumer ring of frames in
// shared memory.
//
// The memory is mapped twice in a row, so that every frame is contiguous. While the consumer is busy or
// polls, neither side makes a system call per event: the consumer naps between looks, and only after a longer
// idle time asks to be woken through a futex.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"
#include "sonde/base/unique_fd.hpp"

namespace sonde::event {

struct RingControl;  // The shared counters.

// Created before the processes fork; each process then uses its one side only. Move-only; unmaps on
// destruction.
class Ring {
 public:
  // `bytes` is rounded up to a power of two of at least a page.
  static Result<Ring> create(std::size_t bytes);
  Ring(Ring&& other) noexcept;
  Ring& operator=(Ring&&) = delete;
  ~Ring();

  // Producer. A place for a frame of up to `bytes`, aligned to 8, or nullptr when the ring has no such room
  // now.
  std::byte* reserve(std::size_t bytes);
  // Makes the first `bytes` (a multiple of 8) of the last reservation visible to the consumer.
  void commit(std::size_t bytes);
  // Sleeps until the consumer has made room, a signal arrives, or 100 ms have passed.
  void wait_for_room();
  // No frame will follow. Also called on the producer's behalf by whoever reaps it.
  void close();

  // Consumer. All committed bytes that were not released yet: whole frames. Empty when there are none.
  Bytes readable() const;
  // Gives the first `bytes` of readable() back to the producer.
  void release(std::size_t bytes);
  // A short sleep between two looks, which costs the producer nothing: half a millisecond, or until a signal
  // comes or the ring is closed.
  void nap() const;
  // Sleeps until frames are readable, the ring is closed or a signal arrives, at most `timeout_ms`. The
  // producer pays for the wake-up, so this is for a consumer that has found nothing for a while.
  void wait_for_frames(int timeout_ms);
  bool closed() const;

 private:
  Ring() = default;
  RingControl* control_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace sonde::event
