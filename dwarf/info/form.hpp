// The values of attributes: how many bytes each form takes and what it holds (DWARF 5 section 7.5.6).
#pragma once

#include <cstdint>
#include <optional>

#include "constants.hpp"
#include "cursor.hpp"

namespace sonde::dwarf {

// What the size of some forms depends on: the header of their unit.
struct Encoding {
  std::uint16_t version = 0;
  std::uint8_t address_size = 0;
  std::uint8_t offset_size = 0;  // 4 in the 32-bit format, 8 in the 64-bit format.

  bool operator==(const Encoding&) const = default;
};

// An attribute's value as it stands. What `number` means is the form's affair: the constant, the address, the
// offset or the index; for a string in place its offset in the section of units; for a block its length.
struct Value {
  Form form{};
  std::uint64_t number = 0;

  // False for an attribute that is not there.
  explicit operator bool() const { return form != Form{}; }
};

// Takes a value off the cursor. `implicit` is the abbreviation's constant for Form::implicit_const. An
// unknown form makes the cursor fail: its size cannot be known.
Value read_value(Cursor& cursor, Form form, std::int64_t implicit, Encoding encoding);

// The part of a form's size that its encoding fixes, or empty when its bytes must be looked at.
std::optional<std::uint32_t> fixed_size(Form form, Encoding encoding);

// A constant, cut to the 32 bits that lines and files have; 0 where it is no constant or does not fit.
std::uint32_t small_constant(Value value);

// True for forms of addresses, in place or by index (DW_AT_high_pc is an address or a length).
bool is_address(Form form);

}  // namespace sonde::dwarf
