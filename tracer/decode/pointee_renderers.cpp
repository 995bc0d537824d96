// Numbers behind pointers: [3], [3, 4].
#include <algorithm>
#include <array>

#include "decode/members.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

// What stands behind a pointer: a number of `size` bytes (0: a word), printed as a value of `kind`.
template <Kind kind, std::size_t size, bool is_signed = false>
void render_one(const Value& value) {
  const std::size_t bytes = size == 0 ? value.word() : size;
  const Address address{as_word(value, value.raw)};
  std::array<std::byte, 8> number{};
  if (address.value == 0 || value.read(address, std::span(number).first(bytes)) != bytes) {
    return value.out.address(address.value);
  }
  value.out.begin_array();
  value.out.element();
  render(kind, value.with(is_signed ? static_cast<std::uint64_t>(signed_at(number, 0, bytes))
                                    : unsigned_at(number, 0, bytes)));
  value.out.end_array();
}

// The same with a name for the number, from a set that is no argument's.
template <SetName set, std::size_t size>
void render_one_named(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const auto number = read_unsigned(value, address, size);
  if (address.value == 0 || !number) return value.out.address(address.value);
  value.out.begin_array();
  value.out.element();
  print_from(value, named_set<set>(), *number);
  value.out.end_array();
}

// As many numbers of `size` bytes as `count`.
template <Kind kind, std::size_t size>
void print_list(const Value& value, std::uint64_t count) {
  print_array(
      value, {as_word(value, value.raw)}, count, size,
      [&](Address at) { render(kind, value.with(read_unsigned(value, at, size).value_or(0))); },
      shown_elements(value));
}

std::uint64_t argument(const Value& value, unsigned index) {
  return index < value.call.args.size() ? value.call.args[index] : 0;
}

template <Kind kind, std::size_t size>
void render_list_of_previous(const Value& value) {
  print_list<kind, size>(value, static_cast<std::uint32_t>(argument(value, value.index - 1)));
}
template <Kind kind, std::size_t size>
void render_list_of_next(const Value& value) {
  print_list<kind, size>(value, static_cast<std::uint32_t>(argument(value, value.index + 1)));
}
// With no room asked for, the call only counts.
template <Kind kind, std::size_t size>
void render_list_of_result(const Value& value) {
  if (argument(value, value.index - 1) == 0 && result_of(value) != 0)
    return value.out.address(as_word(value, value.raw));
  print_list<kind, size>(value, static_cast<std::uint64_t>(value.call.exit->ret));
}
template <Kind kind>
void render_pair(const Value& value) {
  print_list<kind, 4>(value, 2);
}

void render_new_fd(const Value& value) { print_new_fd(value, static_cast<int>(value.raw)); }

// pipe() and socketpair().
void render_fd_pair(const Value& value) {
  print_array(value, {as_word(value, value.raw)}, 2, 4,
              [&](Address at) { render_new_fd(value.with(read_unsigned(value, at, 4).value_or(0))); });
}

constexpr Registration table[] = {
    {Kind::int_in, render_one<Kind::dec, 4>},
    {Kind::int_out, render_one<Kind::dec, 4>},
    {Kind::uint_out, render_one<Kind::udec, 4>},
    {Kind::uint64_out, render_one<Kind::ludec, 8>},
    {Kind::ulong_out, render_one<Kind::hex, 0>},
    {Kind::size_out, render_one<Kind::ludec, 0>},
    {Kind::address_out, render_one<Kind::address, 0>},
    {Kind::aio_context_out, render_one<Kind::hex, 0>},
    {Kind::pid_in, render_one<Kind::pid, 4>},
    {Kind::pid_out, render_one<Kind::pid, 4>},
    {Kind::fd_in, render_one<Kind::fd, 4>},
    {Kind::fd_out, render_one<Kind::fd, 4>},
    {Kind::uid_out, render_one<Kind::uid, 4>},
    {Kind::gid_out, render_one<Kind::gid, 4>},
    {Kind::uid16_out, render_one<Kind::uid16, 2>},
    {Kind::gid16_out, render_one<Kind::gid16, 2>},
    {Kind::loff_out, render_one<Kind::ldec, 8, true>},
    {Kind::mempolicy_mode_out, render_one<Kind::mempolicy_mode, 4>},
    {Kind::tsc_mode_out, render_one<Kind::tsc_mode, 4>},
    {Kind::inode_flags_in, render_one_named<"inode_flags", 4>},
    {Kind::inode_flags_out, render_one_named<"inode_flags", 4>},
    {Kind::tiocm_in, render_one_named<"tiocm", 4>},
    {Kind::tiocm_out, render_one_named<"tiocm", 4>},
    {Kind::rw_hint_in, render_one_named<"rw_hint", 8>},
    {Kind::rw_hint_out, render_one_named<"rw_hint", 8>},
    {Kind::fd_pair_out, render_fd_pair},
    {Kind::fd_list_in, render_list_of_next<Kind::fd, 4>},
    {Kind::uid_pair_out, render_pair<Kind::uid>},
    {Kind::gid_list_in, render_list_of_previous<Kind::gid, 4>},
    {Kind::gid_list_out, render_list_of_result<Kind::gid, 4>},
    {Kind::gid16_list_in, render_list_of_previous<Kind::gid16, 2>},
    {Kind::gid16_list_out, render_list_of_result<Kind::gid16, 2>},
};

}  // namespace

Domain pointee_domain() { return {table}; }

}  // namespace sonde::decode
