// The stack of a JSON record.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

#include "sonde/output/stack_text.hpp"

namespace sonde::output {

// Appends ,"stack":[...] and, for one that is cut short, ,"stack_end":"reason". Nothing for a stack that is
// not known.
void append_stack_json(std::string& out, const StackSource& source, std::uint32_t id, pid_t pid);

}  // namespace sonde::output
