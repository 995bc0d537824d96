// What a breakpoint of HeapCapture is there for, in a tag; and from registers to events.
#pragma once

#include "sonde/arch/registers.hpp"
#include "sonde/event/frame.hpp"
#include "sonde/probes/probe_set.hpp"
#include "sonde/record/heap_calls.hpp"
#include "sonde/record/heap_plan.hpp"

namespace sonde::record {

inline constexpr probes::Tag tag_of(ProbeRole role, HeapFunctions::Id function = 0, bool leaves = false,
                                    bool kind_unknown = false) {
  return static_cast<probes::Tag>(role) | static_cast<probes::Tag>(leaves) << 8 |
         static_cast<probes::Tag>(kind_unknown) << 9 | static_cast<probes::Tag>(function) << 16;
}
inline constexpr ProbeRole role_of(probes::Tag tag) { return static_cast<ProbeRole>(tag & 0xff); }
inline constexpr bool leaves_by_jump(probes::Tag tag) { return (tag >> 8 & 1) != 0; }
inline constexpr probes::Tag jumps_at_once = 1 << 10;
inline constexpr bool is_kind_unknown(probes::Tag tag) { return (tag >> 9 & 1) != 0; }
inline constexpr HeapFunctions::Id function_of(probes::Tag tag) {
  return static_cast<HeapFunctions::Id>(tag >> 16);
}

// What a call has in its registers at its entry (psABI, "Parameter Passing").
HeapEntry read_entry(HeapFunctions::Id id, const HeapFunction& function, const arch::Registers& registers);

event::HeapFrame give_up_of(const HeapEntry& entry, const HeapFunction& function);
event::HeapFrame release_of(const HeapEntry& entry, const HeapFunction& function);
event::HeapFrame result_of(const HeapEntry& entry, const HeapFunction& function, std::uint64_t result);

}  // namespace sonde::record
