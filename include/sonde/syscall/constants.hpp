// Named constants and flag sets, generated at build time from the UAPI headers (tracer/syscall/constants.spec
// says which, and in what order they print).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sonde/syscall/inline_name.hpp"
#include "sonde/syscall/kind.hpp"

namespace sonde::syscall {

struct Constant {
  InlineName<55> name;
  std::uint64_t value;
};

// A value is put together from parts, each of which owns the bits of its mask: open()'s flags are an access
// mode, one of four, and bits. Parts print in their order, joined by "|".
enum class PartKind : std::uint8_t {
  bits,     // Any number of flags.
  choice,   // One of the constants.
  shifted,  // A number, as "21<<MAP_HUGE_SHIFT" (`unknown` names the shift), unless it is 0.
  octal,    // A number of at least three octal digits, always: 0644, 000.
  decimal,  // A number, always.
  hex,      // A number in hexadecimal, always; shifted when `unknown` says by how much: "0x2<<12".
};

struct Part {
  PartKind kind;
  bool lenient;          // A choice without a name is printed with the bits, not by itself.
  bool in_decimal;       // A choice without a name prints in decimal.
  bool name_in_comment;  // A choice prints as its number, with the name behind it: "3 /*
                         // SYSLOG_ACTION_READ_ALL */".
  std::uint64_t mask;
  std::string_view
      unknown;  // What stands in the comment after a value without any name: "O_???". May be empty.
  std::span<const Constant> values;  // Bits in the order in which they print, choices sorted by value.
};

struct ConstantSet {
  std::string_view name;
  bool flags;                        // Bits that are combined, rather than values of which one holds.
  std::uint8_t bits;                 // How wide a value is: 32 or 64. Bits above that do not count.
  std::span<const Constant> values;  // Those of the part that `flags` tells of.
  std::span<const Part> parts;       // At least one. Masks do not overlap and cover all bits.
  std::span<const Constant> wholes;  // Values with a form of their own, before they are taken apart.

  // The name of exactly this value, in whichever part. Empty when none has it.
  std::string_view name_of(std::uint64_t value) const;
};

// The set with that name, or nullptr.
const ConstantSet* constant_set(std::string_view name);

// The set that a kind's values are printed from, or nullptr when it has none.
const ConstantSet* constants_of(Kind kind);

// The value of a constant, in whichever set it stands: O_CREAT, AF_INET, SIGKILL, ENOENT ... The few names
// that are worth different things in different sets (none that a filter would ask for) have the value of the
// set that stands first in constants.spec.
std::optional<std::uint64_t> constant_named(std::string_view name);
// All names in alphabetical order, for suggestions.
std::vector<std::string_view> constant_names();
// All sets, by name.
std::span<const ConstantSet* const> constant_sets();

// "ENOENT" for 2; empty for a number that is no errno. Knows the kernel's ERESTARTSYS and kin too.
std::string_view errno_name(int errno_value);
// "SIGKILL" for 9; real-time ones are SIGRTMIN (32), SIGRT_1 ... SIGRT_32 (64), as strace spells them. Empty
// when out of range.
std::string_view signal_name(int signal);

}  // namespace sonde::syscall
