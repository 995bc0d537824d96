// Moments of the trace as text.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>

#include "sonde/base/types.hpp"

namespace sonde::output {

// Appends moments as RFC 3339 writes them: 2026-11-21T03:58:40.639829123Z. Keeps the last second's text.
class UtcClock {
 public:
  // CLOCK_REALTIME less CLOCK_MONOTONIC, nanoseconds.
  void set_offset(std::int64_t realtime_offset) { offset_ = realtime_offset; }
  void append(std::string& out, Nanoseconds time);

 private:
  std::int64_t offset_ = 0;
  std::time_t second_ = -1;
  std::string text_;
};

}  // namespace sonde::output
