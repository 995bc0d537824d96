// What renderers share: symbols under -X, strings under -s, arrays, descriptors, structures described by
// tables.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "decode/read.hpp"
#include "sonde/syscall/constants.hpp"

namespace sonde::decode {

// How a number is written where it stands beside its symbol, or instead of it.
enum class Base : std::uint8_t { hex, decimal, unsigned_decimal, octal };

void print_number(const Value& value, std::uint64_t number, Base base);

// The symbol under -X: the number alone, the symbol alone, or the number with the symbol as a remark.
void print_symbol(const Value& value, std::string_view text, std::uint64_t number, Base base = Base::hex);

// A number without a symbol of its own: 0x99 /* F_??? */. `unknown` may be empty: then no remark.
void print_unknown(const Value& value, std::string_view unknown, std::uint64_t number, Base base = Base::hex);

// One of the set's constants.
void print_constant(const Value& value, const syscall::ConstantSet& set, std::uint64_t number,
                    std::string_view unknown, Base base = Base::hex);

// A sum of the set's flags: "A|B", "A|0x80", "0x80 /* A_??? */", "0".
void print_flags(const Value& value, const syscall::ConstantSet& set, std::uint64_t flags,
                 std::string_view unknown);

// The sum's text alone: "A|B|0x80"; empty when no flag of the set is in it. `prefix` ("S_IFREG", "O_RDWR"),
// when not empty, stands first.
std::string flags_text(const syscall::ConstantSet& set, std::uint64_t flags, std::string_view prefix = {});

// The same two with the set of a kind and with the remark that the set's names suggest ("O_???").
void print_constant(const Value& value, syscall::Kind set, std::uint64_t number, Base base = Base::hex);
void print_flags(const Value& value, syscall::Kind set, std::uint64_t flags);
// The common beginning of the set's names with ??? after it, as strace marks an unknown value.
std::string unknown_of(const syscall::ConstantSet& set);

// A descriptor with what it refers to: print_fd by the table as the call found it, print_new_fd as it left
// it.
void print_fd(const Value& value, int fd);
void print_new_fd(const Value& value, int fd);
// The same for *at() calls, with AT_FDCWD by name.
void print_dirfd(const Value& value, int fd);

// A file name: whole. NULL and what cannot be read as addresses, here and below.
void print_path(const Value& value, Address address);
// A NUL-terminated string, cut at the string limit.
void print_string(const Value& value, Address address);
// `size` bytes of data, cut at the string limit.
void print_data(const Value& value, Address address, std::uint64_t size);
// A name in a fixed array of a structure: up to its NUL or its end.
void print_name(const Value& value, Bytes field);
// Bytes already at hand, as print_data would.
void print_bytes(const Value& value, Bytes bytes);

// True, with the address printed, when `address` is NULL or `size` bytes of it cannot be read.
bool unreadable(const Value& value, Address address, std::size_t size);

// An array of `count` elements of `size` bytes: "[a, b, c]", "[a, b, ...]" when abbreviated or captured in
// part, "[]", NULL, or the address. Calls element(Address) for each, after Writer::element().
template <typename Element>
void print_array(const Value& value, Address address, std::uint64_t count, std::size_t size, Element element,
                 std::uint64_t shown = UINT64_MAX) {
  if (address.value == 0) return value.out.address(0);
  if (count == 0) {
    value.out.begin_array();
    return value.out.end_array();
  }
  if (unreadable(value, address, size)) return;
  value.out.begin_array();
  std::byte probe;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Address at = address + i * size;
    if (i >= shown || value.read(at + (size - 1), std::span(&probe, 1)) != 1) {
      value.out.more();
      break;
    }
    value.out.element();
    element(at);
  }
  value.out.end_array();
}

// A field of a structure that needs no code of its own: `size` bytes at `offset`, rendered as a value of that
// kind.
struct Field {
  std::string_view name;
  std::uint16_t offset;
  std::uint8_t size;
  syscall::Kind kind;
  bool is_signed = false;
};

// Announces and renders the fields; begin_struct() and end_struct() are the caller's.
void print_fields(const Value& value, Bytes structure, std::span<const Field> fields);
// The whole structure at `address`, braces included, or the address when it cannot be read.
void print_struct(const Value& value, Address address, std::size_t size, std::span<const Field> fields);

}  // namespace sonde::decode
