// Builds one frame at a time in memory of the tracer's own, allocated once.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>

#include "sonde/base/limits.hpp"
#include "sonde/event/frame.hpp"

namespace sonde::record {

class FrameBuffer {
 public:
  FrameBuffer() : data_(new std::byte[limits::frame_bytes]) {}

  // Starts a frame; what was built before is gone.
  void begin(event::FrameType type, TaskId task, Nanoseconds time);

  template <typename Fixed>
  void put(const Fixed& fixed) {
    static_assert(sizeof(Fixed) % 8 == 0);
    append(&fixed, sizeof fixed);
  }

  // Appends a segment with these bytes. Does nothing when the frame would outgrow limits::frame_bytes: the
  // piece is then missing, as if it could not be read.
  void segment(std::uint64_t address, event::SegmentKind kind, Bytes bytes, bool redacted = false);

  // Appends bare text, padded to a multiple of 8.
  void text(std::string_view text);

  // Completes the frame. Valid until the next begin().
  Bytes finish();

 private:
  void append(const void* from, std::size_t size) {
    if (size != 0) std::memcpy(data_.get() + used_, from, size);
    used_ += size;
  }
  void pad();

  std::unique_ptr<std::byte[]> data_;
  std::size_t used_ = 0;
};

}  // namespace sonde::record
