#include "sonde/record/crash_capture.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "sonde/memory/mapping.hpp"
#include "sonde/memory/process_memory.hpp"
#include "sonde/process/proc_fs.hpp"

namespace sonde::record {

namespace {

using event::SegmentKind;

constexpr std::size_t code_bytes = 64;  // Before the pc, and from it on.

void capture_code(const memory::ProcessMemory& memory, Address pc, FrameBuffer& frame) {
  std::array<std::byte, code_bytes> bytes;
  for (const Address from : {Address{pc.value - code_bytes}, pc}) {
    const std::size_t size = memory.read(from, bytes);
    if (size != 0) frame.segment(from.value, SegmentKind::memory, Bytes(bytes).first(size));
  }
}

// The lines of a maps file, one after the other, with the address where each begins and ends.
class MapLines {
 public:
  explicit MapLines(std::string_view text) : rest_(text) {}

  struct Line {
    std::string_view text;
    std::uint64_t begin;
    std::uint64_t end;
  };
  std::optional<Line> next() {
    const std::size_t size = std::min(rest_.find('\n'), rest_.size());
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(std::min(size + 1, rest_.size()));
    const auto parsed = memory::parse_maps(text);
    if (!parsed || parsed->size() != 1) return std::nullopt;
    return Line{text, parsed->front().begin.value, parsed->front().end.value};
  }

 private:
  std::string_view rest_;
};

// The line that has the address, or those below and above it.
void capture_mapping(std::string_view maps, Address address, bool redact_paths, FrameBuffer& frame) {
  MapLines lines(maps);
  const auto put = [&](const MapLines::Line& line) {
    const std::string_view text = redact_paths ? line.text.substr(0, line.text.find('/')) : line.text;
    frame.segment(address.value, SegmentKind::mapping, std::as_bytes(std::span(text)));
  };
  std::optional<MapLines::Line> below;
  while (const auto line = lines.next()) {
    if (line->end <= address.value) {
      below = line;
      continue;
    }
    if (line->begin > address.value && below) put(*below);
    return put(*line);
  }
  if (below) put(*below);
}

}  // namespace

bool is_crash(pid_t tid, int signal) {
  constexpr std::array fatal{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};
  if (std::find(fatal.begin(), fatal.end(), signal) == fatal.end()) return false;
  const auto status = process::ProcFs().status(tid);
  const std::uint64_t bit = std::uint64_t{1} << (signal - 1);
  return status && ((status->caught_signals | status->ignored_signals) & bit) == 0;
}

bool is_fault(const siginfo_t& info) {
  const int signal = info.si_signo;
  return info.si_code > 0 && info.si_code != SI_KERNEL &&
         (signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGTRAP);
}

void capture_surroundings(TaskId task, const siginfo_t& info, const arch::Registers& registers,
                          bool redact_paths, FrameBuffer& frame) {
  capture_code(memory::ProcessMemory(task.tid), registers.pc(), frame);
  const std::string maps = process::ProcFs().maps(task.pid);
  capture_mapping(maps, registers.pc(), redact_paths, frame);
  capture_mapping(maps, registers.sp(), redact_paths, frame);
  if (is_fault(info))
    capture_mapping(maps, {reinterpret_cast<std::uint64_t>(info.si_addr)}, redact_paths, frame);
}

// glibc, assert/assert.c and sysdeps/posix/libc_fatal.c: __abort_msg points to an unsigned size, of the whole
// mapping, and a string.
void capture_abort_message(TaskId task, const StackCapture& stacks, FrameBuffer& frame) {
  const auto variable = stacks.symbol(task.pid, "__abort_msg");
  if (!variable) return;
  const memory::ProcessMemory memory(task.tid);
  std::uint64_t pointer = 0;
  if (memory.read(*variable, std::as_writable_bytes(std::span(&pointer, 1))) != sizeof pointer ||
      pointer == 0)
    return;
  std::array<char, limits::crash_message_bytes> text;
  const Address begin{pointer + sizeof(unsigned)};
  const std::size_t size =
      ::strnlen(text.data(), memory.read(begin, std::as_writable_bytes(std::span(text))));
  if (size != 0) frame.segment(0, SegmentKind::message, std::as_bytes(std::span(text).first(size)));
}

}  // namespace sonde::record
