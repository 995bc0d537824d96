// The event stream's reader, as it meets a hostile trace file: every frame, and every segment of its
// snapshot.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "sonde/event/event.hpp"

namespace {

std::size_t touch(const sonde::event::Snapshot& snapshot) {
  std::size_t sum = 0;
  snapshot.each([&](const sonde::event::Segment& segment) {
    for (const std::byte b : segment.bytes) sum += static_cast<std::size_t>(b);
    std::byte into[64];
    sum += snapshot.read(segment.address, into);
    return true;
  });
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sonde;
  std::vector<std::uint64_t> aligned((size + 7) / 8);
  if (size != 0) std::memcpy(aligned.data(), data, size);
  Bytes rest(reinterpret_cast<const std::byte*>(aligned.data()), size);
  std::size_t sum = 0;
  while (const auto frame = event::frame_size(rest)) {
    if (const auto parsed = event::parse_frame(rest)) {
      if (const auto* enter = std::get_if<event::SyscallEnter>(&parsed->payload))
        sum += touch(enter->snapshot);
      if (const auto* exit = std::get_if<event::SyscallExit>(&parsed->payload)) sum += touch(exit->snapshot);
      if (const auto* heap = std::get_if<event::HeapCall>(&parsed->payload)) sum += touch(heap->snapshot);
      if (const auto* note = std::get_if<event::Note>(&parsed->payload)) sum += note->text.size();
      if (const auto* name = std::get_if<event::TaskName>(&parsed->payload)) sum += name->exe.size();
    }
    rest = rest.subspan(*frame);
  }
  volatile std::size_t keep = sum;
  (void)keep;
  return 0;
}
