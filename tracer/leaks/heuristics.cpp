#include "leaks/heuristics.hpp"

#include <algorithm>

namespace sonde::leaks {

namespace {

constexpr bool is_aligned(std::uint64_t address) { return address % word_bytes == 0; }

// Whether the block may be what was made of so many bytes. malloc rounds up to 16, and gives 16 more where
// the rest would be no chunk; a block with a mapping of its own ends with a page.
bool may_be(const Heuristics& use, const Block& block, std::uint64_t asked) {
  constexpr std::uint64_t rest = 32;
  constexpr std::uint64_t page = 4096;
  constexpr std::uint64_t header = 2 * word_bytes;
  if (!use.rounded_sizes || asked >= block.size) return asked == block.size;
  const std::uint64_t more = block.size - asked;
  return more < rest || ((block.size + header) % page == 0 && more < page + header);
}

// libstdc++'s strings before C++11: length, capacity and references, and then the characters.
bool is_std_string(const Heuristics& use, const Memory& memory, const Block& block, std::uint64_t pointer) {
  constexpr std::uint64_t head = 3 * word_bytes;
  if (pointer - block.address != head || block.size <= head) return false;
  const auto length = memory.word(block.address);
  const auto capacity = memory.word(block.address + word_bytes);
  if (!length || !capacity || *length > *capacity || *capacity >= block.size) return false;
  return may_be(use, block, head + *capacity + 1);
}

bool is_behind_length(const Heuristics& use, const Memory& memory, const Block& block) {
  const auto length = memory.word(block.address);
  return length && *length > 0 && *length < block.size && may_be(use, block, word_bytes + *length);
}

bool is_behind_count(const Heuristics& use, const Memory& memory, const Block& block) {
  const auto count = memory.word(block.address);
  if (!count || *count == 0) return false;
  const std::uint64_t room = block.size - word_bytes;
  return room % *count == 0 || (*count < room && may_be(use, block, block.size - room % *count));
}

bool is_code(const Input& input, std::uint64_t address) {
  const auto behind =
      std::upper_bound(input.code.begin(), input.code.end(), address,
                       [](std::uint64_t a, const AddressRange& range) { return a < range.begin; });
  return behind != input.code.begin() && address < (behind - 1)->end;
}

// Two pointers to code, among nulls.
bool is_vtable(const Input& input, const Memory& memory, std::uint64_t address) {
  constexpr std::uint64_t first_page = 4096;
  constexpr unsigned words_at_most = 21;  // As many as memcheck looks at.
  if (!is_aligned(address) || address < first_page || address >> 63 != 0) return false;
  unsigned functions = 0;
  for (unsigned i = 0; i < words_at_most; ++i) {
    const auto word = memory.word(address + i * word_bytes);
    if (!word) return false;
    if (*word == 0) continue;
    if (!is_code(input, *word)) return false;
    if (++functions == 2) return true;
  }
  return false;
}

bool is_second_base(const Input& input, const Memory& memory, const Block& block, std::uint64_t pointer) {
  if (!is_aligned(pointer) || input.code.empty()) return false;
  const auto inner = memory.word(pointer);
  if (!inner || !is_vtable(input, memory, *inner)) return false;
  const auto first = memory.word(block.address);
  return first && is_vtable(input, memory, *first);
}

}  // namespace

bool is_held_inside(const Input& input, const Memory& memory, const Block& block, std::uint64_t pointer) {
  if (!is_aligned(block.address)) return false;
  const Heuristics& use = input.heuristics;
  if (use.std_string && is_std_string(use, memory, block, pointer)) return true;
  if (pointer - block.address == word_bytes) {
    if (use.length64 && is_behind_length(use, memory, block)) return true;
    if (use.new_array && is_behind_count(use, memory, block)) return true;
  }
  return use.multiple_inheritance && is_second_base(input, memory, block, pointer);
}

bool is_empty_array(const Input& input, const Memory& memory, const Block& block, std::uint64_t pointer) {
  if (!input.heuristics.new_array || block.size != word_bytes || pointer != block.end()) return false;
  return is_aligned(block.address) && memory.word(block.address) == std::uint64_t{0};
}

}  // namespace sonde::leaks
