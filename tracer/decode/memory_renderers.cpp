// mmap and what else handles mappings.
#include <sys/mman.h>

#include <fmt/format.h>

#include "decode/print.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

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
