// What suppressions are asked of: a leaked block, or many with one stack.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sonde/suppress/suppression.hpp"

namespace sonde::suppress {

// A frame of the stack with which a block was allocated. Empty: not known.
struct Frame {
  std::string_view linkage_name = {};  // As a symbol table has it: _ZN3foo3barEv, malloc.
  std::string_view function = {};      // As people write it: foo::bar().
  std::string_view file = {};          // The source file, with its folder.
  std::uint32_t line = 0;
  std::string_view module = {};  // The path of the program or library.
  bool inlined = false;          // Its code is part of that of the next frame.
};

// Frames are innermost first, and begin with the function that allocated (malloc, _Znwm), as both tools have
// them. Views: they must outlive the call alone.
struct Leak {
  LeakKind kind = LeakKind::definite;
  std::span<const Frame> frames;
};

}  // namespace sonde::suppress
