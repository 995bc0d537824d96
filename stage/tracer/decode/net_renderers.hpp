// The renderers of network calls, which the table in net_renderers.cpp puts together.
#pragma once

#include "decode/renderers.hpp"

namespace sonde::decode {

// A number that the call changed: 128 => 16, or 16 when it did not.
void print_changed(const Value& value, std::int64_t before, std::int64_t now);

// An iovec of `count` buffers, of which `bytes` bytes in all were filled.
void print_buffers(const Value& value, Address vector, std::uint64_t count, std::uint64_t bytes);

void render_msghdr_in(const Value& value);
void render_msghdr_out(const Value& value);
void render_mmsghdr(const Value& value);

}  // namespace sonde::decode
