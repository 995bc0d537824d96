// The report of a crash, for people and for programs.
#pragma once

#include <string>

#include "sonde/event/event.hpp"
#include "sonde/output/stack_text.hpp"

namespace sonde::output {

// Several lines: what went wrong, the registers, the code around the instruction, and the stack.
void append_crash_text(std::string& out, const event::Event& event, const event::Crash& crash,
                       const StackSource& stacks);
// The stack of another thread, below it.
void append_thread_text(std::string& out, const event::Event& event, const event::ThreadStack& thread,
                        const StackSource& stacks);

// The members of a JSON record, each with a comma before it: docs/json.md.
void append_crash_json(std::string& out, const event::Crash& crash);

}  // namespace sonde::output
