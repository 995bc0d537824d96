// A walk over a heap that is hostile. The input: a byte of flags (the symbols are given, threads are, the
// heap is brk's), then words to write into a small process that is sound otherwise: a number (16 bits) that
// says where, a value's kind (8 bits), and 8 bytes of value. The process has main_arena with a heap, an arena
// of a thread, and a mapped block.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "sonde/base/limits.hpp"
#include "sonde/glibc_heap/thread_stack.hpp"
#include "sonde/glibc_heap/walk.hpp"
#include "tests/glibc_heap/made_up.hpp"

namespace {

using namespace sonde;
using glibc_heap::test::MadeUp;

// What is written is a value of the input, or an address of the process: those lead somewhere.
std::uint64_t value_of(const MadeUp& process, std::uint8_t kind, std::uint64_t value) {
  switch (kind % 4) {
    case 0:
      return value;
    case 1:
      return process.address_of(static_cast<std::uint16_t>(value)).value;
    case 2:
      return value & 0xffff;
    default:
      return process.address_of(static_cast<std::uint16_t>(value)).value ^
             (process.address_of(static_cast<std::uint16_t>(value >> 16)).value >> 12);
  }
}

void check(const glibc_heap::HeapWalk& walk) {
  std::uint64_t last = 0;
  for (const auto& block : walk.blocks) {
    if (block.address.value <= last) std::abort();
    last = block.address.value;
    const bool owned =
        std::ranges::any_of(walk.owned, [&](const auto& range) { return range.contains({last - 1}); });
    if (!owned) std::abort();
  }
  for (std::size_t i = 1; i < walk.owned.size(); ++i) {
    if (walk.owned[i].begin < walk.owned[i - 1].end) std::abort();
  }
  if (walk.blocks.size() != walk.totals.in_use.chunks) std::abort();
  if (walk.notes.size() > limits::heap_walk_notes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t patch_bytes = 11;
  if (size == 0) return 0;
  MadeUp process = glibc_heap::test::sound_process();
  const std::uint8_t flags = data[0];
  for (std::size_t at = 1; at + patch_bytes <= size; at += patch_bytes) {
    std::uint16_t where = 0;
    std::uint64_t value = 0;
    std::memcpy(&where, data + at, sizeof where);
    std::memcpy(&value, data + at + 3, sizeof value);
    process.put(process.address_of(where), value_of(process, data[at + 2], value));
  }
  const auto walk = glibc_heap::walk(process.process((flags & 1) != 0, (flags & 2) != 0));
  if (walk) check(*walk);
  for (const auto& mapping : process.mappings()) {
    (void)glibc_heap::is_ended_thread_stack(process, mapping, glibc_heap::ThreadLayout{0x900, 0x2d0});
  }
  return 0;
}
