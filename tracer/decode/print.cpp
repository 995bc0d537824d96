#include "decode/print.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <vector>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"

namespace sonde::decode {

namespace {

event::FdTarget target_of(const event::Snapshot& first, const event::Snapshot& second, int fd) {
  if (const auto target = first.fd_target(fd)) return *target;
  return second.fd_target(fd).value_or(event::FdTarget{});
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

bool is_redacted(const Value& value, Address address) {
  return value.call.entered.redacted(address) || left_by(value).redacted(address);
}

void print_fd(const Value& value, int fd) {
  value.out.descriptor(fd, target_of(value.call.entered, left_by(value), fd));
}

void print_new_fd(const Value& value, int fd) {
  value.out.descriptor(fd, target_of(left_by(value), value.call.entered, fd));
}

void print_dirfd(const Value& value, int fd) {
  if (fd != AT_FDCWD) return print_fd(value, fd);
  const event::FdTarget target = target_of(value.call.entered, left_by(value), fd);
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
