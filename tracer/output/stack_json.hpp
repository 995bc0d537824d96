// The stack of a JSON record.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <sys/types.h>

#include "sonde/output/stack_text.hpp"

namespace sonde::output {

// Appends ,"stack":[...] and, for one that is cut short, ,"stack_end":"reason". Nothing for a stack that is
// not known.
void append_stack_json(std::string& out, const StackSource& source, std::uint32_t id, pid_t pid);
// The same of frames, innermost first.
void append_frames_json(std::string& out, const StackSource& source,
                        std::span<const event::FrameAddress> frames, event::StackEnd end, pid_t pid);

// An object with what is known of the site.
void append_site_json(std::string& out, const stacks::Site& site);

}  // namespace sonde::output
