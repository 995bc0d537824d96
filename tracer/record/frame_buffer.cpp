#include "sonde/record/frame_buffer.hpp"

#include <algorithm>
#include <string_view>

namespace sonde::record {

namespace {

// Left free so that the padding after a text always fits.
constexpr std::size_t slack = 64;

}  // namespace

void FrameBuffer::begin(event::FrameType type, TaskId task, Nanoseconds time) {
  used_ = 0;
  segments_at_ = 0;
  put(event::FrameHeader{0, type, 0});
  put(event::FrameStamp{task.pid, task.tid, time});
}

void FrameBuffer::segment(std::uint64_t address, event::SegmentKind kind, Bytes bytes, bool redacted) {
  const event::SegmentHeader header{address, static_cast<std::uint32_t>(bytes.size()), kind,
                                    redacted ? event::segment_redacted : std::uint16_t{0}};
  if (used_ + sizeof header + bytes.size() + slack > limits::frame_bytes) return;
  if (segments_at_ == 0) segments_at_ = used_;
  put(header);
  if (!bytes.empty()) append(bytes.data(), bytes.size());
  pad();
}

void FrameBuffer::text(std::string_view text) {
  append(text.data(), std::min(text.size(), limits::frame_bytes - used_ - slack));
  pad();
}

void FrameBuffer::pad() {
  const std::size_t end = event::align8(used_);
  std::memset(data_.get() + used_, 0, end - used_);
  used_ = end;
}

Bytes FrameBuffer::finish() {
  const auto size = static_cast<std::uint32_t>(used_);
  std::memcpy(data_.get() + offsetof(event::FrameHeader, size), &size, sizeof size);
  return {data_.get(), used_};
}

}  // namespace sonde::record
