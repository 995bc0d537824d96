// Argument kinds: what a system call's argument or result means. The tracer reads from a kind which bytes to copy
// (capture), the console how to print them (rendering); both stand on this one table.
#pragma once

#include <cstdint>
#include <string_view>

namespace sonde::syscall {

enum class Kind : std::uint16_t {
#define KIND(name, direction, capture, length, size64, size32) name,
#include "sonde/syscall/kinds.def"
#undef KIND
  count_
};

// When what an argument points to holds something: before the call, after it, or both. `value` points to nothing.
enum class Direction : std::uint8_t { value, in, out, inout };

// How what an argument points to is laid out, and so what is copied.
enum class Capture : std::uint8_t {
  none,
  fixed,      // `size` bytes.
  path,       // A NUL-terminated file name: whole, up to limits::path_bytes.
  string,     // A NUL-terminated string, up to the string limit.
  strings,    // A NULL-terminated array of pointers to strings (argv, envp).
  buffer,     // Bytes of data as many as `length` says, up to the string limit.
  sized,      // A structure or blob of as many bytes as `length` says, up to limits::struct_bytes.
  array,      // Elements of `size` bytes each, as many as `length` says, up to limits::array_elements.
  iovec,      // An array of iovec, `length` many, and the buffers behind them up to the string limit.
  msghdr,     // A msghdr with its name, iovec, buffers and control data.
  mmsghdr,    // An array of mmsghdr, `length` many.
};

// Where the length or count of what an argument points to is found.
enum class Length : std::uint8_t {
  none,
  next,         // In the following argument.
  previous,     // In the preceding argument.
  first,        // In argument 0.
  second_next,  // In the argument after the following one.
  next_pointee, // In the u32 that the following argument points to (socklen_t*); that u32 is captured too.
  ret,          // In the result.
  next_bits,    // As `first_bits`, in the following argument.
  first_bits,   // Argument 0 counts bits; the bytes are rounded up to whole words (fd_set).
};

struct KindSpec {
  std::string_view name;
  Direction direction;
  Capture capture;
  Length length;
  std::uint16_t size64;  // Bytes for a 64-bit caller.
  std::uint16_t size32;  // Bytes for a 32-bit caller.
};

const KindSpec& spec(Kind kind);

}  // namespace sonde::syscall
