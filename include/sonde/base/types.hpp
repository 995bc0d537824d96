// The vocabulary of every layer: addresses, task ids, times.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <sys/types.h>

namespace sonde {

// An address in a tracee. Never dereferenced: only MemoryReader turns it into bytes.
struct Address {
  std::uint64_t value = 0;

  constexpr auto operator<=>(const Address&) const = default;
  // Wraps around, as pointer arithmetic in the tracee does.
  constexpr Address operator+(std::uint64_t offset) const { return {value + offset}; }
};

// A task (thread) and the tracee (process, thread group) that it belongs to, as seen from sonde's pid
// namespace.
struct TaskId {
  pid_t pid = 0;
  pid_t tid = 0;

  constexpr auto operator<=>(const TaskId&) const = default;
};

// Nanoseconds of CLOCK_MONOTONIC, the clock of every event.
using Nanoseconds = std::uint64_t;

using Bytes = std::span<const std::byte>;

// Which system call table a call belongs to.
enum class Abi : std::uint8_t { x86_64, i386, x32 };

// Bytes of a pointer, a long and a size_t of that ABI.
constexpr std::size_t word_size(Abi abi) { return abi == Abi::x86_64 ? 8 : 4; }

}  // namespace sonde
