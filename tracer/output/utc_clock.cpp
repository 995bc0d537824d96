#include "sonde/output/utc_clock.hpp"

#include <fmt/format.h>

#include "output/text.hpp"

namespace sonde::output {

void UtcClock::append(std::string& out, Nanoseconds time) {
  // A trace file may claim any moment; those before 1970 are not worth a branch of their own.
  const auto real = time + static_cast<std::uint64_t>(offset_);
  const auto second = static_cast<std::time_t>(real / 1'000'000'000);
  if (second != second_) {
    std::tm utc{};
    ::gmtime_r(&second, &utc);
    text_ = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", utc.tm_year + 1900, utc.tm_mon + 1,
                        utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
    second_ = second;
  }
  out += text_;
  out += '.';
  append_zero_padded(out, real % 1'000'000'000, 9);
  out += 'Z';
}

}  // namespace sonde::output
