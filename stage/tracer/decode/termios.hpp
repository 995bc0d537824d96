// Terminal settings.
#pragma once

#include "decode/print.hpp"

namespace sonde::decode {

// struct termio, termios and termios2 of asm/termbits.h: four words of flags, the line discipline, the
// control characters, and in the last the speeds.
struct TermiosLayout {
  std::uint8_t size;
  std::uint8_t flag_bytes;
  std::uint8_t characters;
  std::uint8_t speeds;  // Where c_ispeed and c_ospeed stand; 0 without them.
};
inline constexpr TermiosLayout termio_layout{18, 2, 8, 0};
inline constexpr TermiosLayout termios_layout{36, 4, 19, 0};
inline constexpr TermiosLayout termios2_layout{44, 4, 19, 36};

// {c_iflag=ICRNL|IXON, c_oflag=..., ...} at the value's address.
void print_termios(const Value& value, const TermiosLayout& layout);

}  // namespace sonde::decode
