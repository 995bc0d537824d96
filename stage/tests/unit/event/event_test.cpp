#include "sonde/event/event.hpp"

#include <cstring>
#include <vector>

#include <doctest/doctest.h>

using namespace sonde;
using namespace sonde::event;

namespace {

// A frame under construction, aligned as the ring aligns it.
class Frame {
 public:
  explicit Frame(FrameType type) {
    put(FrameHeader{0, type, 0});
    put(FrameStamp{10, 11, 12345});
  }
  template <typename T>
  Frame& put(const T& value) {
    const auto* from = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), from, from + sizeof value);
    return *this;
  }
  Frame& segment(std::uint64_t address, SegmentKind kind, std::string_view text, std::uint16_t flags = 0) {
    put(SegmentHeader{address, static_cast<std::uint32_t>(text.size()), kind, flags});
    for (const char c : text) bytes_.push_back(static_cast<std::byte>(c));
    bytes_.resize(align8(bytes_.size()));
    return *this;
  }
  Bytes finish() {
    bytes_.resize(align8(bytes_.size()));
    const auto size = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &size, sizeof size);
    words_.resize(bytes_.size() / 8);
    std::memcpy(words_.data(), bytes_.data(), bytes_.size());
    return std::as_bytes(std::span(words_));
  }

 private:
  std::vector<std::byte> bytes_;
  std::vector<std::uint64_t> words_;
};

std::string_view text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace

TEST_CASE("an entry's frame gives its registers and its snapshot") {
  Frame frame(FrameType::syscall_enter);
  frame.put(SyscallEnterFrame{{1, 2, 3, 4, 5, 6}, 0x400000, 257, Abi::x86_64, {}});
  frame.segment(0x1000, SegmentKind::path, "/etc/passwd").segment(3, SegmentKind::fd_path, "/tmp/x");
  frame.segment(0x2000, SegmentKind::data, "", segment_redacted);
  const auto event = parse_frame(frame.finish());
  REQUIRE(event);
  CHECK(event->time == 12345);
  CHECK(event->task == TaskId{10, 11});
  const auto& enter = std::get<SyscallEnter>(event->payload);
  CHECK(enter.nr == 257);
  CHECK(enter.args[5] == 6);
  CHECK(text(*enter.snapshot.bytes_at({0x1000})) == "/etc/passwd");
  CHECK(text(*enter.snapshot.bytes_at({0x1005})) == "passwd");
  CHECK_FALSE(enter.snapshot.bytes_at({0x100b}));
  CHECK_FALSE(enter.snapshot.bytes_at({0xfff}));
  CHECK(enter.snapshot.fd_path(3) == "/tmp/x");
  CHECK_FALSE(enter.snapshot.fd_path(4));
  CHECK(enter.snapshot.redacted({0x2000}));
  CHECK_FALSE(enter.snapshot.redacted({0x1000}));
}

TEST_CASE("a read goes on across segments that adjoin and stops where nothing was captured") {
  Frame frame(FrameType::syscall_exit);
  frame.put(SyscallExitFrame{5, 0, {}});
  frame.segment(0x1000, SegmentKind::memory, "abcd").segment(0x1004, SegmentKind::memory, "efgh");
  const auto event = parse_frame(frame.finish());
  REQUIRE(event);
  const auto& exit = std::get<SyscallExit>(event->payload);
  std::array<std::byte, 16> into;
  CHECK(exit.snapshot.read({0x1002}, into) == 6);
  CHECK(text(Bytes(into).first(6)) == "cdefgh");
  CHECK(exit.snapshot.read({0x3000}, into) == 0);
}

TEST_CASE("what is not a whole frame is refused") {
  Frame frame(FrameType::note);
  const Bytes whole = frame.put(std::array<char, 8>{'h', 'e', 'l', 'l', 'o'}).finish();
  REQUIRE(parse_frame(whole));
  CHECK(std::get<Note>(parse_frame(whole)->payload).text == "hello");
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(parse_frame(whole.first(size)));

  std::vector<std::uint64_t> words(whole.size() / 8);
  const auto with_size = [&](std::uint32_t size) {
    std::memcpy(words.data(), whole.data(), whole.size());
    std::memcpy(words.data(), &size, sizeof size);
    return parse_frame(std::as_bytes(std::span(words)));
  };
  CHECK(with_size(32));
  for (const std::uint32_t bad : {0u, 8u, 23u, 33u, 40u, 0xfffffff8u, 0xffffffffu})
    CHECK_FALSE(with_size(bad));
}

TEST_CASE("a type, an ABI or a version that is not known is refused") {
  CHECK_FALSE(parse_frame(Frame(static_cast<FrameType>(99)).finish()));
  CHECK_FALSE(parse_frame(
      Frame(FrameType::syscall_enter).put(SyscallEnterFrame{{}, 0, 1, static_cast<Abi>(9), {}}).finish()));
  CHECK_FALSE(
      parse_frame(Frame(FrameType::session).put(SessionFrame{frame_version + 1, 32, 0, 0, 0}).finish()));
  CHECK(parse_frame(Frame(FrameType::session).put(SessionFrame{frame_version, 32, 0, 0, 0}).finish()));
}
