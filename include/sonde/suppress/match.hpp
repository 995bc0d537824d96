// Whether one suppression matches one leak, as its tool would say. Directly, without caches; matcher.hpp asks
// many at once.
//
// LeakSanitizer (lsan_common.cpp of LLVM 14) compares a pattern with the module, the function and the source
// file of each frame; its kinds do not matter. memcheck (m_errormgr.c of 3.19) compares a block's lines with
// the frames from the innermost on, "..." standing for any number of them; frames may be left over. Two
// differences are meant: src: is compared with the frame that it stands for where frames before it were
// inlined, and lines beyond valgrind's --num-callers count.
#pragma once

#include "sonde/suppress/leak.hpp"
#include "sonde/suppress/suppression.hpp"

namespace sonde::suppress {

// Names are compared up to limits::name_bytes.
Frame bounded(const Frame& frame);

// Of an entry that is not about leaks: false. Time: lines times frames, with a comparison each.
bool matches(const Suppression& suppression, const Leak& leak);

// Whether a line of a block, which is not "...", matches a frame.
bool matches(const Place& place, const Frame& frame);

// The frames that a block's lines match, given `holds(line, frame)` for lines that are not "...", which
// `any(line)` tells.
template <typename Any, typename Holds>
bool matches_prefix(std::size_t lines, std::size_t frames, const Any& any, const Holds& holds) {
  constexpr auto none = static_cast<std::size_t>(-1);
  std::size_t line = 0;
  std::size_t frame = 0;
  // Behind the last "...": what stood before it need not be tried again, since "..." takes what is too much.
  std::size_t retry_line = none;
  std::size_t retry_frame = 0;
  while (line < lines) {
    if (any(line)) {
      retry_line = ++line;
      retry_frame = frame;
    } else if (frame < frames && holds(line, frame)) {
      ++line;
      ++frame;
    } else if (retry_line != none && retry_frame < frames) {
      line = retry_line;
      frame = ++retry_frame;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace sonde::suppress
