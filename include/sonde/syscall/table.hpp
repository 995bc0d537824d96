// The system calls: a row for each, by ABI and number. Rows are data, in x86_64.def and i386.def; that none
// of the installed kernel headers' calls is missing is asserted at compile time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sonde/base/types.hpp"
#include "sonde/syscall/inline_name.hpp"
#include "sonde/syscall/kind.hpp"

namespace sonde::syscall {

// strace's classes (%file, %desc ...), as bits.
enum class Class : std::uint32_t {
  none = 0,
  file = 1u << 0,  // Takes a file name.
  desc = 1u << 1,  // Takes or returns a file descriptor.
  network = 1u << 2,
  process = 1u << 3,
  signal = 1u << 4,
  memory = 1u << 5,
  ipc = 1u << 6,
  creds = 1u << 7,
  clock = 1u << 8,
  pure = 1u << 9,
  stat = 1u << 10,
  lstat = 1u << 11,
  fstat = 1u << 12,
  stat_like = 1u << 13,
  statfs = 1u << 14,
  fstatfs = 1u << 15,
  statfs_like = 1u << 16,
};
constexpr Class operator|(Class a, Class b) {
  return static_cast<Class>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
constexpr bool has(Class set, Class bit) {
  return (static_cast<std::uint32_t>(set) & static_cast<std::uint32_t>(bit)) != 0;
}

// The class of that name (without the %), as strace spells it.
std::optional<Class> class_named(std::string_view name);
// The names of all classes, for suggestions.
std::span<const std::string_view> class_names();

inline constexpr unsigned max_arguments = 6;

struct Argument {
  Kind kind;
  InlineName<15> name;
  std::uint8_t
      reg;  // Which of the six argument registers holds it: 0 to 5. Its neighbours are counted from there.
};

struct Row {
  std::uint32_t nr;
  InlineName<31> name;
  Class classes;
  Kind returns;
  std::uint8_t argument_count;
  // In the order in which they are printed, which is that of the registers but for clone() and for calls that
  // leave a register out (preadv2): always go by Argument::reg.
  std::array<Argument, max_arguments> arguments;
};

// The row of a call, or nullptr for a number that the table does not know.
const Row* find(Abi abi, std::uint32_t nr);
const Row* find(Abi abi, std::string_view name);

// All rows of an ABI, by number, without gaps filled.
std::span<const Row> rows(Abi abi);

// The row that fits these arguments: that of a multiplexed call's variant (fcntl by its command, and so on)
// where there is one, otherwise the call's own. Capture and rendering both ask here. Never nullptr: an
// unknown number gets a row with an empty name and six hexadecimal arguments.
const Row* resolve(Abi abi, std::uint32_t nr, std::span<const std::uint64_t, max_arguments> args);

// All rows that resolve() can give for that number: the call's own first, then its variants. Empty for an
// unknown number.
std::vector<const Row*> resolvable(Abi abi, std::uint32_t nr);

}  // namespace sonde::syscall
