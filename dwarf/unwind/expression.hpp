// Evaluating the expressions of call frame information (DWARF 5, sections 2.5 and 6.4.2).
#pragma once

#include <cstdint>
#include <optional>

#include "unwind/frame_registers.hpp"
#include "unwind/stack_window.hpp"

namespace sonde::unwind {

// What an expression computes from a frame's registers and memory: a number, which is an address where the
// rule says so. `cfa` is on the stack to begin with, if there is one. `bias` is what is added to addresses
// that the expression names. Empty when it asks for a register that is lost or for memory that cannot be
// read, when it is malformed, or when it takes more than limits::cfi_expression_steps or
// limits::cfi_expression_stack.
std::optional<std::uint64_t> evaluate(Bytes expression, std::optional<std::uint64_t> cfa,
                                      const FrameRegisters& registers, std::uint64_t bias,
                                      const StackWindow& stack);

}  // namespace sonde::unwind
