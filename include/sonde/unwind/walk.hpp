// Walking a stopped task's stack, from its registers to its outermost frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sonde/arch/registers.hpp"
#include "sonde/base/memory_reader.hpp"
#include "sonde/base/types.hpp"
#include "sonde/unwind/table.hpp"

namespace sonde::unwind {

// A range of executable memory in the process.
struct Module {
  Address begin;
  Address end;             // Exclusive.
  std::uint64_t bias = 0;  // What an address of the process has more than the same one in the module's file.
  const TableView* table = nullptr;  // Null where there is no call frame information: code made at run time.
};

inline constexpr std::uint32_t no_module = ~std::uint32_t{0};

// How a frame was found, by falling trust.
enum class Found : std::uint8_t {
  registers,   // The task's own: the innermost frame.
  cfi,         // By the call frame information of the frame before.
  trampoline,  // By the kernel's signal frame, where code without information returns from a signal.
  prologue,    // By the instruction at which code without information stands: before its frame is set up, or
               // after.
  frame_pointer,  // By rbp, in code without information.
  stack_top,      // The word at rsp, after a jump to where there is no code.
};

struct Frame {
  Address pc;                        // What runs next in this frame: a return address unless `exact`.
  std::uint32_t module = no_module;  // The index of the module that holds the code.
  Found found = Found::registers;
  // The pc is where the frame stands. Otherwise its call is at pc - 1 or before: names and lines are to be
  // looked up there.
  bool exact = true;
};

// Why a walk ended.
enum class End : std::uint8_t {
  complete,           // At the outermost frame, which says so itself.
  depth_limit,        // The caller's array, or limits::unwind_frames, is full.
  unreadable_memory,  // A word of the stack could not be read.
  no_information,     // The last frame's code has no call frame information, and what else was tried failed.
  no_progress,        // The frame found would not lie above the one before.
  bad_cfa,            // The information makes no sense with these registers.
};

// "complete", "depth limit" and so on.
const char* name_of(End end);

struct Walk {
  std::size_t frames = 0;
  End end = End::complete;
};

// Fills `into`, innermost frame first, and says how many there are and why they end there. The frames found
// are right as far as the information is, whatever the reason is why there are no more.
//
// `modules` must be sorted by address and not overlap, and must hold all executable memory of the process.
// The task must be stopped while `memory` is read, and run 64-bit code. `window` is for copies of the stack
// (4 to 16 KiB are good, at least 256 bytes): its first part is read at once, from the red zone below rsp
// upwards, and only a stack that is deeper is read again. Allocates nothing, and ends in time linear in the
// size of `into`, whatever the process holds.
Walk walk(const arch::Registers& registers, std::span<const Module> modules, const MemoryReader& memory,
          std::span<std::byte> window, std::span<Frame> into);

}  // namespace sonde::unwind
