// Walking a stopped task's stack, from its registers to its outermost frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>

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

// The innermost frame: its registers, or its pc and sp and how to get the others. Most stacks need no more,
// and the stop at a system call tells them.
class Start {
 public:
  using Ask = std::function<std::optional<arch::Registers>()>;

  Start(const arch::Registers& registers) : registers_(registers) {}
  // `ask` returns nothing when the task is gone; the walk has no frames then.
  Start(Address pc, Address sp, Ask ask) : ask_(std::move(ask)) {
    registers_[arch::Register::rip] = pc.value;
    registers_[arch::Register::rsp] = sp.value;
  }

  // All, or pc and sp.
  const arch::Registers& registers() const { return registers_; }
  bool is_whole() const { return ask_ == nullptr; }
  std::optional<arch::Registers> whole() const { return ask_(); }

 private:
  arch::Registers registers_;
  Ask ask_;
};

struct Walk {
  std::size_t frames = 0;
  End end = End::complete;
  Address reach;  // Where the piece of the stack ends that was needed.
};

// Fills `into`, innermost frame first, and says how many there are and why they end there. The frames found
// are right as far as the information is, whatever the reason is why there are no more.
//
// `modules` must be sorted by address and not overlap, and must hold all executable memory of the process.
// The task must be stopped while `memory` is read, and run 64-bit code. `window` is for copies of the stack
// (8 to 16 KiB are good, at least 256 bytes): what is from the red zone below rsp up to `reach` is read at
// once, and only a stack that is deeper is read again. A good `reach` is that of the task's last walk: a
// stack grows and shrinks at its other end. It need not be right. Allocates nothing, and ends in time linear
// in the size of `into`, whatever the process holds.
Walk walk(const Start& start, std::span<const Module> modules, const MemoryReader& memory,
          std::span<std::byte> window, std::span<Frame> into, Address reach = {});

}  // namespace sonde::unwind
