// Named constants and flag sets, generated at build time from the UAPI headers (tracer/syscall/constants.spec
// says which).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sonde/syscall/kind.hpp"

namespace sonde::syscall {

struct Constant {
  std::string_view name;
  std::uint64_t value;
};

struct ConstantSet {
  std::string_view name;
  bool flags;                        // Bits that are combined, rather than values of which one holds.
  std::span<const Constant> values;  // For flags in the order in which they print; else sorted by value.
  // The name of exactly this value. Empty when none has it.
  std::string_view name_of(std::uint64_t value) const;
};

// The set with that name, or nullptr.
const ConstantSet* constant_set(std::string_view name);

// The set that a kind's values are printed from, or nullptr when it has none.
const ConstantSet* constants_of(Kind kind);

// The value of a constant, in whichever set it stands: O_CREAT, AF_INET, SIGKILL, ENOENT ...
std::optional<std::uint64_t> constant_named(std::string_view name);
// All names, for suggestions.
std::span<const std::string_view> constant_names();

// "ENOENT" for 2; empty for a number that is no errno. Knows the kernel's ERESTARTSYS and kin too.
std::string_view errno_name(int errno_value);
// "SIGKILL" for 9, "SIGRT_3" for real-time ones (strace's spelling, ABI of x86-64); empty when out of range.
std::string_view signal_name(int signal);

}  // namespace sonde::syscall
