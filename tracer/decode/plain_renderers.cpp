// Plain values, strings and buffers.
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
      if (!pointer) value.out.comment(fmt::format("{:#x}", at.value));
      break;
    }
    value.out.element();
    print_string(value, {*pointer});
  }
  value.out.end_array();
}

void render_argv(const Value& value) {
  print_strings(value, {as_word(value, value.raw)},
                value.style.verbose ? UINT64_MAX : value.style.string_limit);
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

void render_buffer_in(const Value& value) {
  const std::uint64_t size = value.index + 1 < value.call.args.size() ? value.call.args[value.index + 1] : 0;
  print_data(value, {as_word(value, value.raw)}, as_word(value, size));
}

void render_buffer_out(const Value& value) {
  print_data(value, {as_word(value, value.raw)}, static_cast<std::uint64_t>(value.call.exit->ret));
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
    {Kind::pid, render_dec},
    {Kind::signal, render_signal},
    {Kind::path, render_path},
    {Kind::string, render_string},
    {Kind::argv, render_argv},
    {Kind::envp, render_envp},
    {Kind::buffer_in, render_buffer_in},
    {Kind::buffer_out, render_buffer_out},
};

}  // namespace

Domain plain_domain() { return {table}; }

}  // namespace sonde::decode
