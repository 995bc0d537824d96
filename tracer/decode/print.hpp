// What renderers share: symbols under -X, strings under -s, arrays, descriptors, structures described by
// tables.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "decode/read.hpp"
#include "sonde/base/result.hpp"
#include "sonde/decode/text_writer.hpp"
#include "sonde/syscall/constants.hpp"

namespace sonde::decode {

// How a number is written where it stands beside its symbol, or instead of it.
enum class Base : std::uint8_t { hex, decimal, unsigned_decimal, octal };

void print_number(const Value& value, std::uint64_t number, Base base);

// The symbol under -X: the number alone, the symbol alone, or the number with the symbol as a remark.
void print_symbol(const Value& value, std::string_view text, std::uint64_t number, Base base = Base::hex);

// A number without a symbol of its own: 0x99 /* F_??? */. `unknown` may be empty: then no remark.
void print_unknown(const Value& value, std::string_view unknown, std::uint64_t number, Base base = Base::hex);

// A number as the set puts it together from its parts: one of its constants, or the sum of its flags: "A|B",
// "A|0x80", "0x80 /* A_??? */", "0".
void print_from(const Value& value, const syscall::ConstantSet& set, std::uint64_t number);
// The same with the set that an argument's kind is named after.
void print_from(const Value& value, syscall::Kind set, std::uint64_t number);
// The same under the names that say at the call which of the two it is.
inline void print_constant(const Value& value, const syscall::ConstantSet& set, std::uint64_t number) {
  print_from(value, set, number);
}
inline void print_constant(const Value& value, syscall::Kind set, std::uint64_t number) {
  print_from(value, set, number);
}
inline void print_flags(const Value& value, const syscall::ConstantSet& set, std::uint64_t flags) {
  print_from(value, set, flags);
}
inline void print_flags(const Value& value, syscall::Kind set, std::uint64_t flags) {
  print_from(value, set, flags);
}

// The text alone; empty when there is none to show (0 without a name).
std::string set_text(const syscall::ConstantSet& set, std::uint64_t number);

// The set of that name, which the tables have (checked when it is first used): named_set<"poll_events">().
template <std::size_t size>
struct SetName {
  char text[size];
  constexpr SetName(const char (&name)[size]) { std::copy_n(name, size, text); }
};
template <SetName name>
const syscall::ConstantSet& named_set() {
  static const syscall::ConstantSet* const set = syscall::constant_set({name.text, sizeof name.text - 1});
  SONDE_CHECK(set != nullptr);
  return *set;
}

// What a set says of a value that it does not know: "O_???".
std::string_view unknown_of(const syscall::ConstantSet& set);

// One of these constants; what else it may be is marked with `unknown`.
void print_constant(const Value& value, std::span<const syscall::Constant> names, std::uint64_t number,
                    std::string_view unknown, Base base = Base::hex);
inline void print_constant(const Value& value, const syscall::ConstantSet& set, std::uint64_t number,
                           std::string_view unknown, Base base = Base::hex) {
  print_constant(value, set.values, number, unknown, base);
}

// "A|B|0x80" of these flags; empty when none of them is in it. `prefix` ("S_IFREG", "O_RDWR"), when not
// empty, stands first.
std::string flags_text(std::span<const syscall::Constant> names, std::uint64_t flags,
                       std::string_view prefix = {});
inline std::string flags_text(const syscall::ConstantSet& set, std::uint64_t flags,
                              std::string_view prefix = {}) {
  return flags_text(set.values, flags, prefix);
}

// A descriptor with what it refers to: print_fd by the table as the call found it, print_new_fd as it left
// it.
void print_fd(const Value& value, int fd);
void print_new_fd(const Value& value, int fd);
// The same for *at() calls, with AT_FDCWD by name.
void print_dirfd(const Value& value, int fd);

// What strace adds behind a result: write(Value) writes it in strace's syntax. Nothing is added for nothing.
template <typename Write>
void print_remark(const Value& value, Write write) {
  std::string text;
  TextWriter writer(text, value.style.hex_strings);
  write(Value{value.call, value.index, value.raw, value.style, writer});
  if (!text.empty()) value.out.remark(text);
}

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

// Whether what lies there was left out on request.
bool is_redacted(const Value& value, Address address);

// True, with the address printed, when `address` is NULL or `size` bytes of it cannot be read.
bool unreadable(const Value& value, Address address, std::size_t size);

// A remark that names an address: " /* 0x7f… */".
void print_address_comment(const Value& value, Address address);

// How many elements of an array are shown.
inline std::uint64_t shown_elements(const Value& value) {
  return value.style.verbose ? UINT64_MAX : value.style.string_limit;
}

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
    const bool readable = i >= shown || value.read(at + (size - 1), std::span(&probe, 1)) == 1;
    if (i >= shown || !readable) {
      value.out.more();
      if (!readable) print_address_comment(value, at);
      break;
    }
    value.out.element();
    element(at);
  }
  value.out.end_array();
}

// What a time since the epoch is in the local calendar, as a remark, with `digits` (0, 6 or 9) of the
// second's fraction `nanoseconds`. Nothing for 0 and for fractions out of range.
void print_calendar(const Value& value, std::int64_t seconds, std::uint64_t nanoseconds, int digits);
// The same as text; empty for nothing.
std::string calendar_text(std::int64_t seconds, std::uint64_t nanoseconds, int digits);

// Bytes in \x form whatever the style: contents that are no text. Cut at the string limit.
void print_hex_data(const Value& value, Address address, std::uint64_t size);

// A device number: makedev(0x8, 0x1).
void print_device(const Value& value, std::uint64_t device);

// A file's mode with its type by name: S_IFREG|0644.
void print_file_mode(const Value& value, std::uint32_t mode);

// A structure that the caller gave a size for: the bytes beyond what is known of it, when any is not 0, as a
// last field
// "/* bytes 24..31 */ "\x77…"".
void print_rest(const Value& value, Address address, std::uint64_t known, std::uint64_t size);

// A field of a structure that needs no code of its own: `size` bytes at `offset`, rendered as a value of that
// kind.
struct Field {
  std::string_view name;
  std::uint16_t offset;
  std::uint8_t size;
  syscall::Kind kind;
  bool is_signed = false;
  // When given, the value is printed from this set, whatever the kind.
  const syscall::ConstantSet& (*set)() = nullptr;
};

// A field of flags or of a constant.
#define SONDE_SET_FIELD(name, offset, size, set_name) \
  Field { name, offset, size, ::sonde::syscall::Kind::none, false, named_set<set_name> }

// Announces and renders the fields; begin_struct() and end_struct() are the caller's.
void print_fields(const Value& value, Bytes structure, std::span<const Field> fields);
// The whole structure at `address`, braces included, or the address when it cannot be read.
void print_struct(const Value& value, Address address, std::size_t size, std::span<const Field> fields);

}  // namespace sonde::decode
