// Numbers with units, as options take them.
#pragma once

#include <cstdint>
#include <string_view>

#include "sonde/base/result.hpp"

namespace sonde::cli {

// "100", "64KiB", "100MB", "4G": bytes; K, M and G alone mean powers of 1024.
Result<std::uint64_t> parse_bytes(std::string_view text);
// "30s", "500ms", "2m", "1h"; a bare number is seconds, fractions are allowed. Nanoseconds.
Result<std::uint64_t> parse_duration(std::string_view text);
// "1/100": 100.
Result<std::uint32_t> parse_sampling(std::string_view text);
// "10k/s", "500/s", "500": events a second.
Result<std::uint32_t> parse_rate(std::string_view text);

}  // namespace sonde::cli
