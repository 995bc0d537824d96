// Numbers for people to read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sonde/base/types.hpp"

namespace sonde::output {

std::string bytes_text(std::uint64_t bytes);                      // 512 B, 1.5 MiB
std::string count_text(std::uint64_t count);                      // 1,234,567
std::string counted(std::uint64_t count, std::string_view noun);  // 1 block, 1,234 blocks
std::string duration_text(Nanoseconds time);                      // 12.3 ms

}  // namespace sonde::output
