// Argument kinds: what a system call's argument or result means. The tracer reads from a kind which bytes to
// copy (capture), the console how to print them (rendering); both stand on this one table.
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

// When what an argument points to holds something, and when that is printed. `value` points to nothing.
enum class Direction : std::uint8_t {
  value,
  in,      // Captured and printed at the entry.
  out,     // Captured and printed at the exit.
  inout,   // Captured at both, printed as it was at the entry; the result says what changed (poll, select).
  update,  // Captured at both, printed at the exit, which may show both values ([128 => 16]).
};

// How what an argument points to is laid out, and so what is copied. Copying less than is described here,
// because memory ends, degrades the field only.
enum class Capture : std::uint8_t {
  none,
  fixed,     // `size` bytes.
  path,      // A NUL-terminated file name: whole, up to limits::path_bytes.
  string,    // A NUL-terminated string, up to the string limit.
  strings,   // A NULL-terminated array of pointers to strings (argv, envp).
  buffer,    // Bytes of data as many as `length` says, up to the string limit.
  message,   // As `buffer`; whole, up to limits::listing_bytes, where it begins as a netlink message does.
  sized,     // A structure or blob of as many bytes as `length` says, up to limits::struct_bytes.
  listing,   // As `sized`, up to limits::listing_bytes: directory entries, which are counted to the last.
  array,     // Elements of `size` bytes each, as many as `length` says, up to limits::array_elements.
  pointees,  // An array of pointers, `length` many, and `size` bytes behind each.
  iovec,     // An array of iovec, `length` many, and the buffers behind them up to the string limit.
  msghdr,    // A msghdr with its name, iovec, buffers and control data.
  mmsghdr,   // An array of mmsghdr, `length` many.
  msgbuf,    // A word (`size` bytes), then a buffer of `length` bytes up to the string limit.
  sigset_argpack,  // Two words, {pointer to a sigset, its size}, and the sigset.
  signal_frame,    // No argument: the saved signal mask in the frame at the stack pointer (rt_sigreturn), of
                   // `size` bytes, at whichever address it was found.
};

// Where the length or count of what an argument points to is found. "Next" and "previous" are meant of
// registers, not of the order of printing.
enum class Length : std::uint8_t {
  none,
  next,            // In the following argument.
  previous,        // In the preceding argument.
  first,           // In argument 0.
  second,          // In argument 1.
  next_pointee,    // In the u32 that the following argument points to (socklen_t*); that u32 is captured too.
  ret,             // In the result.
  next_bits,       // The following argument counts bits; the bytes are rounded up to whole words.
  first_bits,      // Argument 0 counts bits (fd_set).
  second_bits,     // Argument 1 counts bits (migrate_pages).
  previous_pages,  // One for each page of 4096 bytes, or part of it, in as many bytes as the preceding
                   // argument says.
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
