#include "sonde/event/event.hpp"

#include <cstring>
#include <string>
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

TEST_CASE("a module's frame gives its path and its build id") {
  ModuleFrame fixed{7, 4, {0xde, 0xad, 0xbe, 0xef}};
  Frame frame(FrameType::module);
  frame.put(fixed).put(std::array<char, 8>{'/', 'b', 'i', 'n', '/', 'l', 's'});
  const auto event = parse_frame(frame.finish());
  REQUIRE(event);
  const auto& module = std::get<Module>(event->payload);
  CHECK(module.id == 7);
  CHECK(module.path == "/bin/ls");
  REQUIRE(module.build_id.size() == 4);
  CHECK(module.build_id[3] == std::byte{0xef});
  fixed.build_id_size = 33;
  CHECK_FALSE(parse_frame(Frame(FrameType::module).put(fixed).finish()));
  fixed = {0, 0, {}};
  CHECK_FALSE(parse_frame(Frame(FrameType::module).put(fixed).finish()));
}

TEST_CASE("a stack's frame gives its frames, as many as there is room for") {
  const auto frame_with = [](std::uint32_t count, StackEnd end = StackEnd::no_progress) {
    Frame frame(FrameType::stack);
    frame.put(StackFrame{3, count, end, stack_generation});
    return frame.put(FrameAddress{0x1000, 2, frame_is_exact}).put(FrameAddress{0x2000, 0, 0});
  };
  Frame two = frame_with(2);
  const auto event = parse_frame(two.finish());
  REQUIRE(event);
  const auto& stack = std::get<Stack>(event->payload);
  CHECK(stack.id == 3);
  CHECK(stack.end == StackEnd::no_progress);
  CHECK(stack.new_generation);
  REQUIRE(stack.frames.size() == 2);
  CHECK(stack.frames[0].module == 2);
  CHECK(stack.frames[1].address == 0x2000);
  CHECK(parse_frame(frame_with(0).finish()));
  CHECK_FALSE(parse_frame(frame_with(3).finish()));
  CHECK_FALSE(parse_frame(frame_with(0xffffffff).finish()));
  CHECK_FALSE(parse_frame(frame_with(2, static_cast<StackEnd>(6)).finish()));
}

TEST_CASE("names of a frame are cut at their sizes, and refused when they claim more than there is") {
  const auto frame_with = [](std::uint32_t function_size) {
    Frame frame(FrameType::frame_names);
    frame.put(FrameNamesFrame{0x1234, 2, 2});
    frame.put(NameEntry{0, function_size, 3, 9, 1}).put(NameEntry{0x1200, 1, 0, 0, 0});
    return frame.put(std::array<char, 8>{'f', 'n', 'a', '.', 'c', 'g'});
  };
  Frame good = frame_with(2);
  const auto event = parse_frame(good.finish());
  REQUIRE(event);
  std::vector<std::string> seen;
  std::get<FrameNames>(event->payload)
      .each([&](const NameEntry& entry, std::string_view function, std::string_view file) {
        seen.push_back(std::string(function) + "|" + std::string(file) + "|" + std::to_string(entry.line));
      });
  CHECK(seen == std::vector<std::string>{"fn|a.c|9", "g||0"});
  CHECK_FALSE(parse_frame(frame_with(5).finish()));
  CHECK_FALSE(parse_frame(frame_with(0xffffffff).finish()));
}

TEST_CASE("a signal's frame and an entry's give the id of the stack") {
  Frame signal(FrameType::signal);
  signal.put(SignalFrame{}).segment(9, SegmentKind::stack, "");
  const auto event = parse_frame(signal.finish());
  REQUIRE(event);
  CHECK(std::get<Signal>(event->payload).snapshot.stack() == 9);
  Frame enter(FrameType::syscall_enter);
  enter.put(SyscallEnterFrame{{}, 0, 1, Abi::x86_64, {}}).segment(4, SegmentKind::stack, "");
  enter.segment(4, SegmentKind::memory, "x");
  const auto entered = parse_frame(enter.finish());
  REQUIRE(entered);
  const Snapshot& snapshot = std::get<SyscallEnter>(entered->payload).snapshot;
  CHECK(snapshot.stack() == 4);
  CHECK(text(*snapshot.bytes_at({4})) == "x");
  CHECK(Snapshot().stack() == 0);
}

TEST_CASE("an allocator's call has its stack, and the name of a function that the user has named") {
  Frame frame(FrameType::heap);
  frame.put(HeapFrame{0x5000, 0x4000, 64, 16, HeapOperation::reallocate, 3, 0});
  frame.segment(17, SegmentKind::stack, "").segment(0, SegmentKind::function, "pool_take");
  const auto event = parse_frame(frame.finish());
  REQUIRE(event);
  const auto& call = std::get<HeapCall>(event->payload);
  CHECK(call.operation == HeapOperation::reallocate);
  CHECK(call.function == 3);
  CHECK(call.address == 0x5000);
  CHECK(call.old_address == 0x4000);
  CHECK(call.size == 64);
  CHECK(call.alignment == 16);
  CHECK(call.snapshot.stack() == 17);
  CHECK(call.snapshot.function() == "pool_take");
  CHECK_FALSE(call.snapshot.bytes_at({0}));

  Frame unknown(FrameType::heap);
  unknown.put(HeapFrame{0x5000, 0, 64, 0, static_cast<HeapOperation>(4), 1, 0});
  CHECK_FALSE(parse_frame(unknown.finish()));
  Frame cut(FrameType::heap);
  cut.put(std::uint64_t{0x5000});
  CHECK_FALSE(parse_frame(cut.finish()));
}

TEST_CASE("the memory that a process has") {
  Frame frame(FrameType::memory_use);
  frame.put(MemoryUseFrame{4, 3, 2, 1});
  const auto event = parse_frame(frame.finish());
  REQUIRE(event);
  const auto& use = std::get<MemoryUse>(event->payload);
  CHECK(use.resident == 4);
  CHECK(use.anonymous == 3);
  CHECK(use.brk == 2);
  CHECK(use.mapped == 1);
  Frame cut(FrameType::memory_use);
  cut.put(std::uint64_t{4});
  CHECK_FALSE(parse_frame(cut.finish()));
}
