// What the JSON of leaks and of growth have in common.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sonde/suppress/leak.hpp"

namespace sonde::output {

// Members of an object that has some already.
void append_number(std::string& out, std::string_view key, std::uint64_t value);
// Of untrusted text the first limits::name_bytes; nothing where there is none.
void append_text(std::string& out, std::string_view key, std::string_view text);
// "stack", an object for each frame; nothing for no frames.
void append_stack_json(std::string& out, std::span<const suppress::Frame> frames);

}  // namespace sonde::output
