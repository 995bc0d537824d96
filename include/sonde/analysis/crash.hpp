// What went wrong, in words, from what a crash left behind.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/arch/disassembler.hpp"
#include "sonde/event/event.hpp"

namespace sonde::analysis {

struct CrashFacts {
  std::string summary;  // "reads address 0x18: a null pointer with an offset of 24 bytes". Plain text.
  std::vector<arch::Instruction>
      instructions;  // The one at the pc among its neighbours; empty when it cannot be read.
  std::string_view
      mapping;  // The line of /proc/PID/maps with the fault's address, or the pc's; a view of the event.
  std::string_view message;  // What the program said before it aborted; a view of the event. Untrusted text.
};

// Reads an event's own bytes alone. Where capstone cannot be used, whether memory was read or written is not
// told.
CrashFacts explain_crash(const event::Crash& crash);

}  // namespace sonde::analysis
