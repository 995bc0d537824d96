// A walk over a stack and through a table that are both hostile. The input: the 17 registers, two bytes with
// the size of the stack, the stack, and then an .eh_frame, or a table's bytes where the size's lowest bit is
// set.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "sonde/unwind/build.hpp"
#include "sonde/unwind/walk.hpp"

namespace {

using namespace sonde;

constexpr std::uint64_t stack_begin = 0x7f0000;
constexpr std::uint64_t bias = 0x100000;

class Stack final : public MemoryReader {
 public:
  explicit Stack(Bytes bytes) : bytes_(bytes) {}
  std::size_t read(Address address, std::span<std::byte> into) const override {
    const std::uint64_t offset = address.value - stack_begin;
    if (offset >= bytes_.size()) return 0;
    const std::size_t count = std::min(into.size(), bytes_.size() - static_cast<std::size_t>(offset));
    std::memcpy(into.data(), bytes_.data() + offset, count);
    return count;
  }

 private:
  Bytes bytes_;
};

// From pc and sp alone, and with any guess at how deep the stack is, a walk comes to the same.
void check_start(const arch::Registers& registers, std::span<const unwind::Module> modules, Bytes stack,
                 std::span<const unwind::Frame> expected, const unwind::Walk& whole) {
  std::array<std::byte, 512> window;
  std::array<unwind::Frame, 200> frames;
  const unwind::Start start(registers.pc(), registers.sp(), [&] { return std::optional(registers); });
  const auto walk =
      unwind::walk(start, modules, Stack(stack), window, frames, {registers[arch::Register::rax]});
  if (walk.end != whole.end || walk.reach != whole.reach) std::abort();
  const auto same = [](const unwind::Frame& a, const unwind::Frame& b) {
    return a.pc == b.pc && a.module == b.module && a.found == b.found && a.exact == b.exact;
  };
  if (!std::ranges::equal(std::span(frames).first(walk.frames), expected, same)) std::abort();
}

void walk(const arch::Registers& registers, Bytes stack, const unwind::TableView& table) {
  const std::array modules = {unwind::Module{{0x50000}, {0x60000}, 0, nullptr},
                              unwind::Module{{bias}, {bias + 0x100000}, bias, &table},
                              unwind::Module{{stack_begin}, {stack_begin + 0x1000}, 0, nullptr}};
  std::array<std::byte, 256> window;
  std::array<unwind::Frame, 200> frames;
  const auto walk = unwind::walk(registers, modules, Stack(stack), window, frames);
  check_start(registers, modules, stack, std::span(frames).first(walk.frames), walk);
  if (walk.frames == 0 || walk.frames > frames.size()) std::abort();
  if (walk.end == unwind::End::depth_limit && walk.frames != frames.size()) std::abort();
  if (frames[0].pc != registers.pc()) std::abort();
  for (const auto& frame : std::span(frames).first(walk.frames)) {
    if (frame.module == unwind::no_module) continue;
    const auto& module = modules.at(frame.module);
    const std::uint64_t at = frame.pc.value - (frame.exact ? 0 : 1);
    if (at < module.begin.value || at >= module.end.value) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  arch::Registers registers;
  std::uint16_t stack_size = 0;
  constexpr std::size_t head = sizeof registers.general + sizeof stack_size;
  if (size < head) return 0;
  std::memcpy(registers.general.data(), data, sizeof registers.general);
  std::memcpy(&stack_size, data + sizeof registers.general, sizeof stack_size);
  const Bytes rest{reinterpret_cast<const std::byte*>(data) + head, size - head};
  const Bytes stack = rest.first(std::min<std::size_t>(rest.size(), stack_size));
  const Bytes table = rest.subspan(stack.size());
  if ((stack_size & 1) == 0) {
    const unwind::CfiSection section{unwind::CfiSection::Format::eh_frame, table, 0, {}, {}};
    if (const auto built = unwind::build({&section, 1})) walk(registers, stack, built->table.view());
    return 0;
  }
  std::vector<std::uint64_t> words(table.size() / sizeof(std::uint64_t));
  if (!words.empty()) std::memcpy(words.data(), table.data(), words.size() * sizeof(std::uint64_t));
  if (const auto view = unwind::TableView::over(std::as_bytes(std::span(words))))
    walk(registers, stack, *view);
  return 0;
}
