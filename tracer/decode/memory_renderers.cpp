// mmap and what else handles mappings.
#include <linux/memfd.h>
#include <sys/mman.h>

#include <fmt/format.h>

#include "decode/print.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

// Flags whose upper bits are the logarithm of a huge page's size: "...|21<<MAP_HUGE_SHIFT".
constexpr unsigned huge_shift = 26;
constexpr std::uint32_t huge_mask = 0x3f;

std::string with_huge_size(std::string text, std::uint32_t flags, std::string_view shift_name) {
  const std::uint32_t log = (flags >> huge_shift) & huge_mask;
  if (log == 0) return text;
  return fmt::format("{}{}{}<<{}", text, text.empty() ? "" : "|", log, shift_name);
}

void render_mmap_flags(const Value& value) {
  constexpr std::uint32_t type_mask = 0xf;
  constexpr std::string_view types[] = {"MAP_FILE", "MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED_VALIDATE"};
  const auto flags = static_cast<std::uint32_t>(value.raw);
  const std::uint32_t type = flags & type_mask;
  const std::uint32_t rest = flags & ~type_mask & ~(huge_mask << huge_shift);
  const auto* set = syscall::constants_of(Kind::mmap_flags);
  if (set == nullptr) return value.out.hex(flags);
  const std::string first = type < std::size(types) ? std::string(types[type]) : fmt::format("{:#x}", type);
  const std::string text = rest == 0 ? first : flags_text(*set, rest, first);
  print_symbol(value, with_huge_size(text, flags, "MAP_HUGE_SHIFT"), flags);
}

void render_memfd_flags(const Value& value) {
  const auto flags = static_cast<std::uint32_t>(value.raw);
  const std::uint32_t rest = flags & ~(huge_mask << huge_shift);
  const auto* set = syscall::constants_of(Kind::memfd_flags);
  if (set == nullptr) return value.out.hex(flags);
  const std::string text = with_huge_size(flags_text(*set, rest), flags, "MFD_HUGE_SHIFT");
  if (text.empty()) return print_unknown(value, flags == 0 ? "" : "MFD_???", flags);
  print_symbol(value, text, flags);
}

// One byte a page of the range that the arguments before it name.
void render_mincore_vector(const Value& value) {
  constexpr std::uint64_t page = 4096;
  const std::uint64_t pages = (as_word(value, value.call.args[1]) + page - 1) / page;
  print_array(
      value, {as_word(value, value.raw)}, pages, 1,
      [&](Address at) { value.out.unsigned_integer(read_unsigned(value, at, 1).value_or(0) & 1); },
      shown_elements(value));
}

// A mask of NUMA nodes, as many bits as `bits`: whole longs, with all their digits.
void print_node_mask(const Value& value, std::uint64_t bits) {
  const std::uint64_t longs = (bits + 8 * value.word() - 1) / (8 * value.word());
  print_array(
      value, {as_word(value, value.raw)}, longs, value.word(),
      [&](Address at) {
        const std::uint64_t mask = read_word(value, at).value_or(0);
        const auto width = static_cast<int>(2 * value.word());
        value.out.verbatim(mask == 0 ? fmt::format("{:0{}}", 0, width)
                                     : fmt::format("{:#0{}x}", mask, width));
      },
      shown_elements(value));
}

void render_node_mask(const Value& value) {
  print_node_mask(value, as_word(value, value.call.args[std::min(value.index + 1, 5u)]));
}
// migrate_pages() has its count before both masks.
void render_node_mask_counted(const Value& value) {
  print_node_mask(value, as_word(value, value.call.args[1]));
}

// An array with as many elements as the second argument says (move_pages).
template <typename Element>
void print_pages(const Value& value, std::size_t size, Element element) {
  print_array(value, {as_word(value, value.raw)}, as_word(value, value.call.args[1]), size, element,
              shown_elements(value));
}

void render_page_addresses(const Value& value) {
  print_pages(value, value.word(), [&](Address at) { value.out.address(read_word(value, at).value_or(0)); });
}

void render_page_nodes(const Value& value) {
  print_pages(value, 4, [&](Address at) {
    value.out.integer(static_cast<std::int32_t>(read_unsigned(value, at, 4).value_or(0)));
  });
}

void render_page_status(const Value& value) {
  print_pages(value, 4, [&](Address at) {
    const auto status = static_cast<std::int32_t>(read_unsigned(value, at, 4).value_or(0));
    const std::string_view name = status < 0 ? syscall::errno_name(-status) : std::string_view();
    if (name.empty()) return value.out.integer(status);
    print_symbol(value, fmt::format("-{}", name), static_cast<std::uint64_t>(status), Base::decimal);
  });
}
bool mremap_has_address(const Call& call) { return (call.args[3] & MREMAP_FIXED) != 0; }

constexpr Registration table[] = {
    {Kind::mmap_flags, render_mmap_flags},          {Kind::memfd_flags, render_memfd_flags},
    {Kind::mincore_vec_out, render_mincore_vector}, {Kind::nodemask_in, render_node_mask},
    {Kind::nodemask_out, render_node_mask},         {Kind::migrate_nodemask_in, render_node_mask_counted},
    {Kind::addresses_in, render_page_addresses},    {Kind::nodes_in, render_page_nodes},
    {Kind::page_status_out, render_page_status},
};

constexpr Optional optionals[] = {
    {"mremap", 4, mremap_has_address},
};

}  // namespace

Domain memory_domain() { return {table, optionals}; }

}  // namespace sonde::decode
