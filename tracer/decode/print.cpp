#include "decode/print.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <vector>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"

namespace sonde::decode {

namespace {

std::string_view target_of(const event::Snapshot& first, const event::Snapshot& second, int fd) {
  if (const auto path = first.fd_path(fd)) return *path;
  return second.fd_path(fd).value_or(std::string_view());
}

const event::Snapshot& left_by(const Value& value) {
  return value.call.exit ? value.call.exit->snapshot : value.call.entered;
}

// The bytes from `address` on, at most `limit`.
std::vector<std::byte> take(const Value& value, Address address, std::size_t limit) {
  std::vector<std::byte> bytes(limit);
  bytes.resize(value.read(address, bytes));
  return bytes;
}

bool is_redacted(const Value& value, Address address) {
  return value.call.entered.redacted(address) || left_by(value).redacted(address);
}

// A NUL-terminated string of at most `limit` bytes.
void print_terminated(const Value& value, Address address, std::size_t limit) {
  if (is_redacted(value, address)) return value.out.redacted();
  const auto bytes = take(value, address, limit + 1);
  const auto end = std::find(bytes.begin(), bytes.end(), std::byte{0});
  const auto length = std::min<std::size_t>(std::size_t(end - bytes.begin()), limit);
  // Without its end, a string shorter than what is shown ran into memory that could not be read.
  if (end == bytes.end() && bytes.size() < std::max<std::size_t>(limit, 1))
    return value.out.address(address.value);
  value.out.string(Bytes(bytes).first(length), end == bytes.end());
}

}  // namespace

void print_number(const Value& value, std::uint64_t number, Base base) {
  switch (base) {
    case Base::hex:
      return value.out.hex(number);
    case Base::decimal:
      return value.out.integer(static_cast<std::int64_t>(number));
    case Base::unsigned_decimal:
      return value.out.unsigned_integer(number);
    case Base::octal:
      return value.out.octal(number);
  }
}

void print_symbol(const Value& value, std::string_view text, std::uint64_t number, Base base) {
  if (value.style.xlat == Xlat::abbrev) return value.out.symbol(text, number);
  print_number(value, number, base);
  if (value.style.xlat == Xlat::verbose) value.out.comment(text);
}

void print_unknown(const Value& value, std::string_view unknown, std::uint64_t number, Base base) {
  print_number(value, number, base);
  if (value.style.xlat != Xlat::raw && !unknown.empty()) value.out.comment(unknown);
}

void print_constant(const Value& value, const syscall::ConstantSet& set, std::uint64_t number,
                    std::string_view unknown, Base base) {
  const std::string_view name = set.name_of(number);
  if (name.empty()) return print_unknown(value, unknown, number, base);
  print_symbol(value, name, number, base);
}

std::string flags_text(const syscall::ConstantSet& set, std::uint64_t flags, std::string_view prefix) {
  std::string text(prefix);
  const auto add = [&text](std::string_view name) {
    if (!text.empty()) text += '|';
    text += name;
  };
  if (flags == 0 && prefix.empty()) return std::string(set.name_of(0));
  for (const auto& [name, bits] : set.values) {
    if (bits == 0 || (flags & bits) != bits) continue;
    add(name);
    flags &= ~bits;
  }
  if (flags != 0 && !text.empty()) add(fmt::format("{:#x}", flags));
  return text;
}

void print_flags(const Value& value, const syscall::ConstantSet& set, std::uint64_t flags,
                 std::string_view unknown) {
  const std::string text = flags_text(set, flags);
  if (!text.empty()) return print_symbol(value, text, flags);
  print_unknown(value, flags == 0 ? std::string_view() : unknown, flags);
}

std::string unknown_of(const syscall::ConstantSet& set) {
  if (set.values.empty()) return {};
  std::string_view common = set.values.front().name;
  for (const auto& constant : set.values) {
    const auto [mine, theirs] =
        std::mismatch(common.begin(), common.end(), constant.name.begin(), constant.name.end());
    common = common.substr(0, static_cast<std::size_t>(mine - common.begin()));
  }
  return std::string(common.substr(0, common.rfind('_') + 1)) + "???";
}

void print_constant(const Value& value, const syscall::ConstantSet& set, std::uint64_t number) {
  const std::string_view name = set.name_of(number);
  if (name.empty()) return print_unknown(value, unknown_of(set), number);
  print_symbol(value, name, number);
}

void print_flags(const Value& value, const syscall::ConstantSet& set, std::uint64_t flags) {
  const std::string text = flags_text(set, flags);
  if (!text.empty()) return print_symbol(value, text, flags);
  print_unknown(value, flags == 0 ? std::string() : unknown_of(set), flags);
}

void print_from(const Value& value, const syscall::ConstantSet& set, std::uint64_t number) {
  set.flags ? print_flags(value, set, number) : print_constant(value, set, number);
}

void print_constant(const Value& value, syscall::Kind kind, std::uint64_t number) {
  const auto* set = syscall::constants_of(kind);
  set == nullptr ? value.out.hex(number) : print_constant(value, *set, number);
}

void print_flags(const Value& value, syscall::Kind kind, std::uint64_t flags) {
  const auto* set = syscall::constants_of(kind);
  set == nullptr ? value.out.hex(flags) : print_flags(value, *set, flags);
}

void print_fd(const Value& value, int fd) {
  value.out.descriptor(fd, target_of(value.call.entered, left_by(value), fd));
}

void print_new_fd(const Value& value, int fd) {
  value.out.descriptor(fd, target_of(left_by(value), value.call.entered, fd));
}

void print_dirfd(const Value& value, int fd) {
  if (fd != AT_FDCWD) return print_fd(value, fd);
  const std::string_view target = target_of(value.call.entered, left_by(value), fd);
  if (target.empty() || value.style.xlat == Xlat::raw) {
    return print_symbol(value, "AT_FDCWD", static_cast<std::uint64_t>(fd), Base::decimal);
  }
  value.out.descriptor(fd, target);
}

void print_path(const Value& value, Address address) {
  if (address.value == 0) return value.out.address(0);
  print_terminated(value, address, limits::path_bytes - 1);
}

void print_string(const Value& value, Address address) {
  if (address.value == 0) return value.out.address(0);
  print_terminated(value, address, value.style.string_limit);
}

void print_data(const Value& value, Address address, std::uint64_t size) {
  if (address.value == 0) return value.out.address(0);
  if (is_redacted(value, address)) return value.out.redacted();
  const auto shown = std::min<std::uint64_t>(size, value.style.string_limit);
  const auto bytes = take(value, address, shown);
  if (bytes.size() < shown) return value.out.address(address.value);
  value.out.string(bytes, size > shown);
}

void print_bytes(const Value& value, Bytes bytes) {
  const auto shown = std::min<std::size_t>(bytes.size(), value.style.string_limit);
  value.out.string(bytes.first(shown), shown < bytes.size());
}

void print_name(const Value& value, Bytes field) {
  const auto end = std::find(field.begin(), field.end(), std::byte{0});
  value.out.string(field.first(static_cast<std::size_t>(end - field.begin())), end == field.end());
}

bool unreadable(const Value& value, Address address, std::size_t size) {
  std::array<std::byte, 256> scratch;
  bool readable = address.value != 0;
  for (std::size_t done = 0; readable && done < size; done += scratch.size()) {
    const auto part = std::span(scratch).first(std::min(scratch.size(), size - done));
    readable = value.read(address + done, part) == part.size();
  }
  if (!readable) value.out.address(address.value);
  return !readable;
}

void print_address_comment(const Value& value, Address address) {
  value.out.comment(fmt::format("{:#x}", address.value));
}

void print_fields(const Value& value, Bytes structure, std::span<const Field> fields) {
  for (const Field& field : fields) {
    const std::uint64_t raw = field.is_signed
                                  ? static_cast<std::uint64_t>(signed_at(structure, field.offset, field.size))
                                  : unsigned_at(structure, field.offset, field.size);
    value.out.field(field.name);
    field.set != nullptr ? print_from(value, field.set(), raw) : render(field.kind, value.with(raw));
  }
}

void print_struct(const Value& value, Address address, std::size_t size, std::span<const Field> fields) {
  if (unreadable(value, address, size)) return;
  const auto bytes = take(value, address, size);
  value.out.begin_struct();
  print_fields(value, bytes, fields);
  value.out.end_struct();
}

}  // namespace sonde::decode
