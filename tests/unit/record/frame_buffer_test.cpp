#include "sonde/record/frame_buffer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sonde/event/event.hpp"

using sonde::Bytes;
using sonde::TaskId;
using sonde::event::FrameType;
using sonde::event::SegmentKind;
using sonde::record::FrameBuffer;

namespace limits = sonde::limits;

namespace {

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

TEST_CASE("what is built parses as what was meant") {
  FrameBuffer frame;
  frame.begin(FrameType::syscall_enter, TaskId{7, 8}, 9);
  sonde::event::SyscallEnterFrame fixed{{1, 2, 3, 4, 5, 6}, 0x1234, 42, sonde::Abi::i386, {}};
  frame.put(fixed);
  frame.segment(0x1000, SegmentKind::data, bytes_of("hello"));
  frame.segment(0x2000, SegmentKind::path, {}, true);
  frame.segment(0x3000, SegmentKind::memory, bytes_of("12345678"));
  const Bytes bytes = frame.finish();
  REQUIRE(sonde::event::frame_size(bytes) == bytes.size());
  const auto event = sonde::event::parse_frame(bytes);
  REQUIRE(event);
  CHECK(event->task == TaskId{7, 8});
  CHECK(event->time == 9);
  const auto& enter = std::get<sonde::event::SyscallEnter>(event->payload);
  CHECK(enter.nr == 42);
  CHECK(enter.abi == sonde::Abi::i386);
  CHECK(enter.args[5] == 6);
  std::array<std::byte, 8> into{};
  CHECK(enter.snapshot.read({0x1000}, into) == 5);
  CHECK(static_cast<char>(into[4]) == 'o');
  CHECK(enter.snapshot.read({0x3002}, into) == 6);
  CHECK(enter.snapshot.redacted({0x2000}));
  CHECK_FALSE(enter.snapshot.redacted({0x1000}));
}

TEST_CASE("a segment that does not fit is left out, and smaller ones still come in") {
  FrameBuffer frame;
  frame.begin(FrameType::syscall_exit, {1, 1}, 0);
  frame.put(sonde::event::SyscallExitFrame{0, 0, {}});
  const std::string most(limits::frame_bytes - 1000, 'a');
  frame.segment(0x1000, SegmentKind::data, bytes_of(most));
  frame.segment(0x90000000, SegmentKind::data, bytes_of(most));
  frame.segment(0x2000, SegmentKind::data, bytes_of("small"));
  const Bytes bytes = frame.finish();
  CHECK(bytes.size() <= limits::frame_bytes);
  CHECK(bytes.size() % 8 == 0);
  const auto event = sonde::event::parse_frame(bytes);
  REQUIRE(event);
  std::array<std::byte, 4> into{};
  const auto& snapshot = std::get<sonde::event::SyscallExit>(event->payload).snapshot;
  CHECK(snapshot.read({0x1000 + most.size() - 2}, into) == 2);
  CHECK(snapshot.read({0x90000000}, into) == 0);
  CHECK(snapshot.read({0x2000}, into) == 4);
}

TEST_CASE("however much is appended, a frame stays within its bound") {
  FrameBuffer frame;
  frame.begin(FrameType::note, {1, 1}, 0);
  const std::string text(3 * limits::frame_bytes, 'x');
  frame.text(text);
  CHECK(frame.finish().size() <= limits::frame_bytes);
  frame.begin(FrameType::syscall_exit, {1, 1}, 0);
  frame.put(sonde::event::SyscallExitFrame{0, 0, {}});
  for (std::size_t size = 0; size < 3000; ++size) frame.segment(size, SegmentKind::data, bytes_of(std::string(size, 'y')));
  const Bytes bytes = frame.finish();
  CHECK(bytes.size() <= limits::frame_bytes);
  CHECK(sonde::event::frame_size(bytes) == bytes.size());
}
