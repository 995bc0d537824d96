// Puts finished frames into the ring, under the overflow policy.
#pragma once

#include <functional>

#include "sonde/event/event.hpp"
#include "sonde/event/ring.hpp"
#include "sonde/record/frame_buffer.hpp"

namespace sonde::record {

class RingWriter {
 public:
  // `given_up` is asked while waiting for room; once it says true the frame is dropped silently: nobody wants
  // it.
  RingWriter(event::Ring& ring, bool drop_on_overflow, std::function<bool()> given_up);

  // The buffer to build a frame in; then post() it.
  FrameBuffer& frame() { return frame_; }
  // False when the frame was dropped.
  bool post();
  // Counts an event that was left out on purpose; announced by the next flush_losses().
  void count_lost(event::LossReason reason) { ++lost_[static_cast<std::size_t>(reason)]; }
  // Writes what was left out since the last time, as one event a reason.
  void flush_losses();
  // No frame will follow.
  void close() { ring_.close(); }

 private:
  bool post(Bytes frame);

  event::Ring& ring_;
  const bool drop_;
  std::function<bool()> given_up_;
  FrameBuffer frame_;
  FrameBuffer loss_frame_;
  std::array<std::uint64_t, 4> lost_{};
};

}  // namespace sonde::record
