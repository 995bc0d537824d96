// The stack below an event's line, as strace -k prints it, with source lines and inlined functions where they
// are known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "sonde/stacks/namer.hpp"
#include "sonde/stacks/site.hpp"

namespace sonde::output {

// What an output needs to tell stacks: all must outlive it.
struct StackSource {
  const stacks::StackBook& book;
  stacks::Namer& namer;
  const stacks::SkipFunction* skip = nullptr;  // What is no site; null for nothing more than usual.
};

// One line a function, innermost first:
//
//    > /usr/lib/x86_64-linux-gnu/libc.so.6(__write+0x14) [0xf7d54] write.c:26
//
// The number in brackets is the address in the module. An inlined function stands above the one that its code
// is part of, with "inlined" instead of an offset. A stack that is cut short says why in a last line. Appends
// nothing for a stack that is not known.
void append_stack_text(std::string& out, const StackSource& source, std::uint32_t id, pid_t pid);

// "the stack's memory could not be read" and the like; empty for a complete one.
std::string_view stack_end_text(event::StackEnd end);
// The same for programs: "unreadable_memory".
std::string_view stack_end_name(event::StackEnd end);

}  // namespace sonde::output
