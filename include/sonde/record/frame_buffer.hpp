// Builds one frame at a time in memory of the tracer's own, allocated once.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>

#include "sonde/base/limits.hpp"
#include "sonde/event/frame.hpp"
#include "sonde/event/snapshot.hpp"

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

  // What the segments added so far hold. Valid until the next begin(); later segments are not in it.
  event::Snapshot captured() const {
    return event::Snapshot(segments_at_ == 0 ? Bytes()
                                             : Bytes(data_.get() + segments_at_, used_ - segments_at_));
  }

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
  std::size_t segments_at_ = 0;  // Where the first segment stands; 0 while there is none.
};

}  // namespace sonde::record
