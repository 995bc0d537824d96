#include "sonde/record/ring_writer.hpp"

#include <cstring>
#include <utility>

#include "sonde/base/clock.hpp"

namespace sonde::record {

RingWriter::RingWriter(event::Ring& ring, bool drop_on_overflow, std::function<bool()> given_up)
    : ring_(ring), drop_(drop_on_overflow), given_up_(std::move(given_up)) {}

bool RingWriter::post() { return post(frame_.finish()); }

bool RingWriter::post(Bytes frame) {
  std::byte* place = ring_.reserve(frame.size());
  while (place == nullptr) {
    if (drop_) {
      count_lost(event::LossReason::overflow);
      return false;
    }
    if (given_up_()) return false;
    ring_.wait_for_room();
    place = ring_.reserve(frame.size());
  }
  std::memcpy(place, frame.data(), frame.size());
  ring_.commit(frame.size());
  if (drop_ && lost_[static_cast<std::size_t>(event::LossReason::overflow)] != 0) flush_losses();
  return true;
}

void RingWriter::flush_losses() {
  for (std::size_t reason = 0; reason < lost_.size(); ++reason) {
    const std::uint64_t count = std::exchange(lost_[reason], 0);
    if (count == 0) continue;
    loss_frame_.begin(event::FrameType::lost, {}, now());
    loss_frame_.put(event::LostFrame{count, static_cast<std::uint32_t>(reason), 0});
    post(loss_frame_.finish());
    if (lost_[reason] != 0) {  // No room for the count either: keep it for the next time.
      lost_[reason] = count;
      return;
    }
  }
}

}  // namespace sonde::record
