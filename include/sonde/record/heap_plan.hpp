// Where the breakpoints of a module go: at the entries of the allocator's functions, and at their ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sonde/arch/code.hpp"
#include "sonde/elf/image.hpp"
#include "sonde/record/heap_functions.hpp"
#include "sonde/record/slot_gaps.hpp"

namespace sonde::record {

enum class ProbeRole : std::uint8_t {
  entry,      // A function of an allocator begins.
  end,        // An instruction that one of them returns with.
  jump,       // One that it may leave with for another function.
  chosen,     // Where a function returns that has chosen another at run time (STT_GNU_IFUNC), in rax.
  came_back,  // Where that one returns to: not of a plan, but found at the jump.
  round,      // Entry of a function that begins a round.
  executes,   // Entry of one that executes another program.
  modules,    // The loader tells debuggers that it has mapped or unmapped something (r_brk of link.h's
              // r_debug).
};

struct PlannedProbe {
  std::uint64_t address;  // As the file has it.
  ProbeRole role;
  HeapFunctions::Id function = 0;  // Of an entry, of whatever purpose.
  // Of an entry: the function may leave by a jump to another. That one's end counts for
  // it.
  bool leaves_by_jump = false;
  bool is_jump = false;       // Of an entry: with its first instruction.
  bool kind_unknown = false;  // Of an entry: functions of other kinds have the same code.
  std::uint64_t through = 0;  // Of a jump: the pointer that it goes through, where that is known.
};

// A function that is chosen at run time: what its symbol names, the resolver, returns its address. The
// resolver itself is no allocator.
struct ChosenFunction {
  HeapFunctions::Id function;
  std::uint64_t resolver;  // As the file has it.
  bool seen = false;       // There are breakpoints where the resolver returns.
};

struct HeapPlan {
  std::vector<PlannedProbe> probes;  // Each address once; ends before the entries that need them.
  SlotGaps gaps;  // Where slots can lie: about as much as the probes need, and more can be looked for.
  bool has_allocator = false;
  bool is_32_bit = false;  // Nothing is planned for it then.
  std::vector<ChosenFunction> chosen;
  // Functions whose ends could not be found: they are not watched. Untrusted text.
  std::vector<std::string> left_out;
};

// `names` is what has the symbols of a stripped image, or null. Linear in the symbols of both; of the code
// only the functions found are looked at, each up to limits::allocator_code_bytes.
HeapPlan plan_heap(const elf::Image& image, const elf::Image* names, const arch::Code& code,
                   const HeapFunctions& functions);

// The breakpoints of one more function of an image that `plan` is of: one that was chosen, at `address` of
// the file. Empty when its ends cannot be found.
std::vector<PlannedProbe> plan_chosen(const elf::Image& image, const HeapPlan& plan, const arch::Code& code,
                                      const HeapFunctions& functions, HeapFunctions::Id function,
                                      std::uint64_t address);

}  // namespace sonde::record
