// The bytes of memory for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sonde/base/types.hpp"

namespace sonde::output {

// A part that was asked for and cannot be read.
struct Hole {
  std::size_t begin;
  std::size_t end;
};

// Lines of 16 bytes, each behind `indent`: where they are, the bytes, and what of them is printable ASCII.
// Lines that are like the one before are one line, "*". `holes`: ascending. `first`: where the first byte is;
// addresses are given in the shape that 0 has: "0000" for offsets, "0x0" for addresses.
enum class Place : std::uint8_t { offset, address };
void append_dump(std::string& out, Bytes bytes, std::span<const Hole> holes, std::string_view indent,
                 Place place = Place::offset, std::uint64_t first = 0);

}  // namespace sonde::output
