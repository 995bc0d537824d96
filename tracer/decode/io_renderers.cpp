// Data in and out: iovecs, offsets, extended attributes, random bytes, directory entries.
#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "decode/iovec.hpp"
#include "decode/print.hpp"
#include "decode/renderers.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

// The argument after this one.
std::uint64_t next_argument(const Value& value) {
  return value.call.args[std::min<std::size_t>(value.index + 1, value.call.args.size() - 1)];
}

// print_base prints what one iovec points to, given its address and length.
template <typename PrintBase>
void each_iovec(const Value& value, Address array, std::uint64_t count, PrintBase print_base) {
  const std::size_t word = value.word();
  print_array(
      value, array, count, 2 * word,
      [&](Address at) {
        const Address base{read_word(value, at).value_or(0)};
        const std::uint64_t length = read_word(value, at + word).value_or(0);
        value.out.begin_struct();
        value.out.field("iov_base");
        print_base(base, length);
        value.out.field("iov_len");
        value.out.unsigned_integer(length);
        value.out.end_struct();
      },
      shown_elements(value));
}

void print_iovec_argument(const Value& value, bool with_data) {
  print_iovecs(value, {as_word(value, value.raw)}, as_word(value, next_argument(value)), with_data);
}

void render_iovec_in(const Value& value) { print_iovec_argument(value, true); }
void render_iovec_addresses(const Value& value) { print_iovec_argument(value, false); }

// What was read into them is as much as the result says, from the first on.
void render_iovec_out(const Value& value) {
  if (!value.succeeded()) return print_iovec_argument(value, false);
  auto left = static_cast<std::uint64_t>(value.call.exit->ret);
  each_iovec(value, {as_word(value, value.raw)}, as_word(value, next_argument(value)),
             [&](Address base, std::uint64_t length) {
               const std::uint64_t filled = std::min(left, length);
               print_data(value, base, filled);
               left -= filled;
             });
}

// A file offset that a call reads, and may move on when it succeeds: [0] => [10].
void print_offset(const Value& value, std::size_t size, bool shows_change) {
  const Address address{as_word(value, value.raw)};
  if (unreadable(value.as_before(), address, size)) return;
  const auto offset = [&](const Value& when) {
    value.out.begin_array();
    value.out.element();
    std::array<std::byte, 8> bytes{};
    when.read(address, std::span(bytes).first(size));
    value.out.integer(signed_at(bytes, 0, size));
    value.out.end_array();
  };
  const bool moved = shows_change && value.succeeded() && value.call.exit->ret != 0;
  if (!moved) return offset(value.as_before());
  value.out.begin_change();
  offset(value.as_before());
  value.out.changed();
  offset(value);
  value.out.end_change();
}

void render_offset(const Value& value) { print_offset(value, 8, false); }
void render_offset_moved(const Value& value) { print_offset(value, value.word(), true); }
void render_offset64_moved(const Value& value) { print_offset(value, 8, true); }

// The value of an extended attribute: its last NUL, which many writers add, is not shown.
void print_xattr(const Value& value, std::uint64_t size) {
  const Address address{as_word(value, value.raw)};
  if (size == 0) return value.out.address(address.value);
  const auto last = read_unsigned(value, address + (size - 1), 1);
  // Where strings may turn hexadecimal it is, since there every byte counts.
  const bool ends_in_nul =
      value.style.hex_strings == HexStrings::never && size <= value.style.string_limit && last && *last == 0;
  print_data(value, address, ends_in_nul ? size - 1 : size);
}

void render_xattr_in(const Value& value) { print_xattr(value, as_word(value, next_argument(value))); }

void render_xattr_out(const Value& value) {
  if (as_word(value, next_argument(value)) == 0) return value.out.address(as_word(value, value.raw));
  print_xattr(value, static_cast<std::uint64_t>(value.call.exit->ret));
}

// Directory entries. The three layouts differ in the size of their words and in where the type stands.
struct DirentLayout {
  std::uint8_t word;      // Bytes of d_ino and d_off.
  std::uint8_t name;      // Where d_name starts.
  bool type_before_name;  // getdents64; the older calls have it in the record's last byte.
};

struct Dirent {
  std::size_t offset;
  std::size_t length;
};

std::vector<std::byte> read_dirents(const Value& value) {
  const auto size = static_cast<std::uint64_t>(value.call.exit->ret);
  std::vector<std::byte> bytes(std::min<std::uint64_t>(size, limits::frame_bytes));
  bytes.resize(value.read({as_word(value, value.raw)}, bytes));
  return bytes;
}

std::vector<Dirent> split_dirents(Bytes bytes, const DirentLayout& layout) {
  std::vector<Dirent> entries;
  for (std::size_t at = 0; at + layout.name < bytes.size();) {
    const std::size_t length = unsigned_at(bytes, at + std::size_t{2} * layout.word, 2);
    if (length <= layout.name || length > bytes.size() - at) break;
    entries.push_back({at, length});
    at += length;
  }
  return entries;
}

void print_dirent(const Value& value, Bytes entry, const DirentLayout& layout) {
  auto& out = value.out;
  const auto type = [&] {
    out.field("d_type");
    const std::size_t at = layout.type_before_name ? layout.name - 1u : entry.size() - 1;
    print_constant(value, named_set<"dirent_type">(), unsigned_at(entry, at, 1));
  };
  out.begin_struct();
  out.field("d_ino");
  out.unsigned_integer(unsigned_at(entry, 0, layout.word));
  out.field("d_off");
  if (layout.type_before_name) {
    out.integer(signed_at(entry, layout.word, layout.word));
  } else {
    out.unsigned_integer(unsigned_at(entry, layout.word, layout.word));
  }
  out.field("d_reclen");
  out.unsigned_integer(entry.size());
  if (layout.type_before_name) type();
  out.field("d_name");
  print_name(value, entry.subspan(layout.name));
  if (!layout.type_before_name) type();
  out.end_struct();
}

void print_dirents(const Value& value, const DirentLayout& layout) {
  const auto bytes = read_dirents(value);
  const auto entries = split_dirents(bytes, layout);
  if (!value.style.verbose) {
    value.out.address(as_word(value, value.raw));
    return value.out.comment(fmt::format("{} entries", entries.size()));
  }
  value.out.begin_array();
  for (const Dirent& entry : entries) {
    value.out.element();
    print_dirent(value, Bytes(bytes).subspan(entry.offset, entry.length), layout);
  }
  value.out.end_array();
}

void render_dirents64(const Value& value) { print_dirents(value, {8, 19, true}); }
void render_dirents(const Value& value) {
  print_dirents(value, value.call.abi == Abi::i386 ? DirentLayout{4, 10, false} : DirentLayout{8, 18, false});
}
constexpr Registration table[] = {
    {Kind::iovec_in, render_iovec_in},
    {Kind::iovec_out, render_iovec_out, true},
    {Kind::iovec_addresses_in, render_iovec_addresses},
    {Kind::off_update, render_offset_moved},
    {Kind::off64_update, render_offset64_moved},
    {Kind::loff_in, render_offset},
    {Kind::xattr_value_in, render_xattr_in},
    {Kind::xattr_value_out, render_xattr_out},
    {Kind::dirent_out, render_dirents},
    {Kind::dirent64_out, render_dirents64},
};

}  // namespace

void print_iovecs(const Value& value, Address array, std::uint64_t count, bool with_data) {
  each_iovec(value, array, count, [&](Address base, std::uint64_t length) {
    with_data ? print_data(value, base, length) : value.out.address(base.value);
  });
}

Domain io_domain() { return {table}; }

}  // namespace sonde::decode
