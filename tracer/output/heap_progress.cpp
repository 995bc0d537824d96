#include "sonde/output/heap_progress.hpp"

#include <algorithm>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "output/quantities.hpp"

namespace sonde::output {

namespace {

constexpr Nanoseconds second = 1'000'000'000;
constexpr std::string_view erase = "\r\x1b[K";  // ECMA-48: EL, to the end of the line.

std::size_t columns(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : 80;
}

// A terminal that does not take it loses a line that is worth nothing a second later.
void write_to(int fd, std::string_view text) {
  [[maybe_unused]] const ssize_t written = ::write(fd, text.data(), text.size());
}

}  // namespace

std::uint64_t heap_calls(const analysis::HeapTable& table) {
  std::uint64_t calls = 0;
  for (const auto* heap : table.heaps()) calls += heap->total().allocations + heap->total().releases;
  return calls;
}

std::string heap_progress_text(const analysis::HeapTable& table, Nanoseconds running,
                               std::uint64_t calls_a_second) {
  std::uint64_t bytes = 0;
  std::uint64_t blocks = 0;
  for (const auto* heap : table.heaps()) {
    if (heap->how_ended() != analysis::HeapEnd::running) continue;
    bytes += heap->total().live_bytes;
    blocks += heap->total().live_blocks;
  }
  return fmt::format("sonde: {} s, {}, {} a second; {} live in {}", running / second,
                     counted(heap_calls(table), "call"), count_text(calls_a_second), bytes_text(bytes),
                     counted(blocks, "block"));
}

void HeapProgress::show(Nanoseconds time) {
  if (began_ == 0) began_ = last_ = time;
  if (time - last_ < second) return;
  const std::uint64_t calls = heap_calls(*table_);
  // Heaps that there is no room for any more take their calls with them.
  const double rate =
      static_cast<double>(calls - std::min(calls, calls_)) * second / static_cast<double>(time - last_);
  std::string text = heap_progress_text(*table_, time - began_, static_cast<std::uint64_t>(rate));
  text.resize(std::min(text.size(), columns(fd_) - 1));
  write_to(fd_, fmt::format("{}{}", erase, text));
  shown_ = true;
  last_ = time;
  calls_ = calls;
}

void HeapProgress::hide() {
  if (std::exchange(shown_, false)) write_to(fd_, erase);
}

}  // namespace sonde::output
