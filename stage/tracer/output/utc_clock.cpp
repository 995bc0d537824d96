#include "sonde/output/utc_clock.hpp"

#include <iterator>

#include <fmt/format.h>

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
  fmt::format_to(std::back_inserter(out), "{}.{:09}Z", text_, real % 1'000'000'000);
}

}  // namespace sonde::output
