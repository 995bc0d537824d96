// Plain values, strings and buffers.
#include <algorithm>

#include <fmt/format.h>

#include "decode/print.hpp"
#include "decode/renderers.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

void render_none(const Value&) {}
void render_dec(const Value& value) { value.out.integer(static_cast<std::int32_t>(value.raw)); }
void render_udec(const Value& value) { value.out.unsigned_integer(static_cast<std::uint32_t>(value.raw)); }
void render_ldec(const Value& value) { value.out.integer(as_signed_word(value, value.raw)); }
void render_ludec(const Value& value) { value.out.unsigned_integer(as_word(value, value.raw)); }
void render_hex(const Value& value) { value.out.hex(as_word(value, value.raw)); }
// fanotify_init() and _mark() have a value of their own for "none".
void render_fanotify_dirfd(const Value& value) {
  const auto fd = static_cast<int>(value.raw);
  fd == -1 ? print_symbol(value, "FAN_NOFD", value.raw, Base::decimal) : print_dirfd(value, fd);
}

void render_hex32(const Value& value) { value.out.hex(static_cast<std::uint32_t>(value.raw)); }
void render_octal(const Value& value) { value.out.octal(static_cast<std::uint32_t>(value.raw)); }
void render_address(const Value& value) { value.out.address(as_word(value, value.raw)); }
void render_fd(const Value& value) { print_fd(value, static_cast<int>(value.raw)); }
void render_dirfd(const Value& value) { print_dirfd(value, static_cast<int>(value.raw)); }

void render_signal(const Value& value) {
  const auto signal = static_cast<int>(value.raw);
  const std::string_view name = syscall::signal_name(signal);
  if (signal == 0 || name.empty()) return value.out.integer(signal);
  print_symbol(value, name, value.raw, Base::decimal);
}

// -1 means that an id stays as it is.
void render_id(const Value& value) {
  const auto id = static_cast<std::uint32_t>(value.raw);
  id == UINT32_MAX ? value.out.integer(-1) : value.out.unsigned_integer(id);
}
void render_id16(const Value& value) {
  const auto id = static_cast<std::uint16_t>(value.raw);
  id == UINT16_MAX ? value.out.integer(-1) : value.out.unsigned_integer(id);
}

// A mode's file type, which chmod() ignores, is shown as the number that it is.
void render_mode(const Value& value) { value.out.octal(static_cast<std::uint16_t>(value.raw)); }

// A 64-bit value that i386 passes in two registers: the low word first, or for _llseek() the high one.
std::uint64_t joined(const Value& value, bool high_first) {
  const std::uint64_t next = value.index + 1 < value.call.args.size() ? value.call.args[value.index + 1] : 0;
  const auto [low, high] = high_first ? std::pair(next, value.raw) : std::pair(value.raw, next);
  return (high << 32) | static_cast<std::uint32_t>(low);
}
void render_split_ldec(const Value& value) {
  value.out.integer(static_cast<std::int64_t>(joined(value, false)));
}
void render_split_ludec(const Value& value) { value.out.unsigned_integer(joined(value, false)); }
void render_swapped_ldec(const Value& value) {
  value.out.integer(static_cast<std::int64_t>(joined(value, true)));
}

// Pages of 4096 bytes, in bytes.
void render_page_offset(const Value& value) { value.out.hex((value.raw & UINT32_MAX) << 12); }

void render_path(const Value& value) { print_path(value, {as_word(value, value.raw)}); }
void render_string(const Value& value) { print_string(value, {as_word(value, value.raw)}); }

// A NULL-terminated array of strings. Where the array itself ends in unreadable memory, its end is remarked.
void print_strings(const Value& value, Address array, std::uint64_t shown) {
  const auto first = read_word(value, array);
  if (array.value == 0 || !first) return value.out.address(array.value);
  value.out.begin_array();
  for (std::uint64_t i = 0; i < limits::array_elements; ++i) {
    const Address at = array + i * value.word();
    const auto pointer = read_word(value, at);
    if (pointer && *pointer == 0) break;
    if (!pointer || i >= shown) {
      value.out.more();
      if (!pointer) print_address_comment(value, at);
      break;
    }
    value.out.element();
    print_string(value, {*pointer});
  }
  value.out.end_array();
}

void render_argv(const Value& value) {
  print_strings(value, {as_word(value, value.raw)}, shown_elements(value));
}

void render_envp(const Value& value) {
  if (value.style.verbose) return print_strings(value, {as_word(value, value.raw)}, UINT64_MAX);
  const Address array{as_word(value, value.raw)};
  value.out.address(array.value);
  std::uint64_t count = 0;
  auto pointer = read_word(value, array);
  if (array.value == 0 || !pointer) return;
  while (pointer && *pointer != 0) pointer = read_word(value, array + ++count * value.word());
  value.out.comment(fmt::format("{} var{}{}", count, count == 1 ? "" : "s", pointer ? "" : ", unterminated"));
}

// As many bytes as the next argument says.
void render_buffer(const Value& value) {
  const std::uint64_t size = value.index + 1 < value.call.args.size() ? value.call.args[value.index + 1] : 0;
  print_data(value, {as_word(value, value.raw)}, as_word(value, size));
}

// The same of bytes that are no text.
void render_data_in(const Value& value) {
  const std::uint64_t size = value.index + 1 < value.call.args.size() ? value.call.args[value.index + 1] : 0;
  print_hex_data(value, {as_word(value, value.raw)}, as_word(value, size));
}
void render_data_out(const Value& value) {
  print_hex_data(value, {as_word(value, value.raw)}, static_cast<std::uint64_t>(value.call.exit->ret));
}

void render_buffer_out(const Value& value) {
  // recv(..., MSG_TRUNC) returns more than the buffer took.
  const std::uint64_t room = value.index + 1 < value.call.args.size() ? value.call.args[value.index + 1] : 0;
  const auto filled = static_cast<std::uint64_t>(value.call.exit->ret);
  print_data(value, {as_word(value, value.raw)}, std::min(filled, as_word(value, room)));
}

constexpr Registration table[] = {
    {Kind::none, render_none},
    {Kind::dec, render_dec},
    {Kind::udec, render_udec},
    {Kind::ldec, render_ldec},
    {Kind::ludec, render_ludec},
    {Kind::hex, render_hex},
    {Kind::octal, render_octal},
    {Kind::address, render_address},
    {Kind::fd, render_fd},
    {Kind::dirfd, render_dirfd},
    {Kind::fanotify_dirfd, render_fanotify_dirfd},
    {Kind::pid, render_dec},
    {Kind::signal, render_signal},
    {Kind::path, render_path},
    {Kind::string, render_string},
    {Kind::argv, render_argv},
    {Kind::envp, render_envp},
    {Kind::buffer_in, render_buffer},
    {Kind::data_in, render_data_in},
    {Kind::data_out, render_data_out},
    {Kind::path_out, render_path},
    {Kind::path_buffer_out, render_buffer_out},
    {Kind::string_out, render_string},
    {Kind::mount_data, render_string},
    {Kind::hex32, render_hex32},
    {Kind::uid, render_id},
    {Kind::gid, render_id},
    {Kind::uid16, render_id16},
    {Kind::gid16, render_id16},
    {Kind::umode, render_mode},
    {Kind::open_mode, render_mode},
    {Kind::split_ldec, render_split_ldec},
    {Kind::split_ludec, render_split_ludec},
    {Kind::swapped_ldec, render_swapped_ldec},
    {Kind::page_offset, render_page_offset},
    {Kind::ret_none, render_none},
    {Kind::buffer_out, render_buffer_out},
};

}  // namespace

Domain plain_domain() { return {table}; }

}  // namespace sonde::decode
