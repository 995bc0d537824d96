// How much is shown, and how: the options of strace that change a value's printed form.
#pragma once

#include <cstdint>

namespace sonde::decode {

enum class Xlat : std::uint8_t { raw, abbrev, verbose };         // -X
enum class HexStrings : std::uint8_t { never, non_ascii, all };  // -x, -xx

struct Style {
  std::uint32_t string_limit = 32;  // -s
  bool verbose = false;             // -v: structures and environments in full
  Xlat xlat = Xlat::abbrev;
  HexStrings hex_strings = HexStrings::never;
};

}  // namespace sonde::decode
