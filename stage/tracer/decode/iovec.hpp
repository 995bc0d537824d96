// Arrays of iovec.
#pragma once

#include "decode/print.hpp"

namespace sonde::decode {

// `count` iovecs: with the data behind each, as it was before the call, or with its address alone.
void print_iovecs(const Value& value, Address array, std::uint64_t count, bool with_data);

}  // namespace sonde::decode
