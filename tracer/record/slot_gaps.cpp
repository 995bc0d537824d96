#include "sonde/record/slot_gaps.hpp"

#include <algorithm>
#include <array>
#include <elf.h>
#include <optional>
#include <utility>

#include "sonde/base/limits.hpp"

namespace sonde::record {

namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t smallest_gap = 8;  // A mark, an instruction of two bytes and a jump.

// The zeros behind the code, as the file has them: the rest of its last page is mapped with it.
std::optional<SlotGaps::Gap> tail_of(const elf::Image& image) {
  for (const elf::Segment& segment : image.segments()) {
    if (segment.type != PT_LOAD || (segment.flags & PF_X) == 0) continue;
    const std::uint64_t begin = segment.address + segment.file_size;
    const std::uint64_t size = (page - begin % page) % page;
    const std::uint64_t offset = segment.offset + segment.file_size;
    const Bytes file = image.bytes();
    // Behind the end of the file a mapping has zeros.
    const Bytes rest = file.subspan(std::min<std::uint64_t>(offset, file.size()));
    const Bytes tail = rest.first(std::min<std::uint64_t>(size, rest.size()));
    const auto used =
        std::find_if(tail.rbegin(), tail.rend(), [](std::byte byte) { return byte != std::byte{0}; });
    const auto first_free = static_cast<std::uint64_t>(tail.rend() - used);
    if (first_free < size) return SlotGaps::Gap{begin + first_free, begin + size};
  }
  return std::nullopt;
}

// int3, or nop with any number of 66 and a segment prefix before it (Intel SDM, volume 2, NOP).
bool is_padding(Bytes code) {
  constexpr std::array int3{std::byte{0xcc}};
  constexpr std::array nop{std::byte{0x90}};
  constexpr std::array long_nop{std::byte{0x0f}, std::byte{0x1f}};
  const auto begins = [&](Bytes with) {
    return code.size() >= with.size() && std::equal(with.begin(), with.end(), code.begin());
  };
  while (!code.empty() && (code.front() == std::byte{0x66} || code.front() == std::byte{0x2e}))
    code = code.subspan(1);
  return begins(nop) || begins(long_nop) || begins(int3);
}

// What lies between the end of the last function of a piece of code and the next piece: padding that nothing
// runs into, because the instruction before it leads away.
std::optional<SlotGaps::Gap> gap_behind(const elf::Image& image, const arch::Code& code, std::uint64_t begin,
                                        std::uint64_t end) {
  Bytes rest = image.loaded_at(begin);
  if (end - begin > limits::allocator_code_bytes || rest.size() < end - begin) return std::nullopt;
  rest = rest.first(end - begin);
  std::uint64_t padding = end;
  bool leads_away = false;
  for (std::uint64_t at = begin; !rest.empty();) {
    const auto instruction = code.decode(rest, at);
    if (!instruction) return std::nullopt;
    if (!is_padding(rest.first(instruction->size))) {
      padding = end;
      using arch::Flow;
      leads_away = instruction->flow != Flow::onward && instruction->flow != Flow::branch;
    } else if (padding == end && leads_away) {
      padding = at;
    }
    rest = rest.subspan(instruction->size);
    at += instruction->size;
  }
  if (padding == end) return std::nullopt;
  return SlotGaps::Gap{padding, end};
}

}  // namespace

SlotGaps::SlotGaps(const elf::Image& image, std::vector<std::uint64_t> starts) : starts_(std::move(starts)) {
  if (const auto tail = tail_of(image)) found_.push_back(*tail);
}

bool SlotGaps::find(const elf::Image& image, const arch::Code& code, std::uint64_t room) {
  const std::size_t before = found_.size();
  for (std::uint64_t more = 0; more < room && next_ + 1 < starts_.size() && next_ < limits::slot_pieces;
       ++next_) {
    const auto gap = gap_behind(image, code, starts_[next_], starts_[next_ + 1]);
    if (!gap || gap->end - gap->begin < smallest_gap) continue;
    found_.push_back(*gap);
    more += gap->end - gap->begin;
  }
  return found_.size() != before;
}

}  // namespace sonde::record
