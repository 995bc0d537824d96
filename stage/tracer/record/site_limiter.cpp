#include "sonde/record/site_limiter.hpp"

namespace sonde::record {

SiteLimiter::Verdict SiteLimiter::ask(std::uint64_t instruction_pointer, std::uint32_t nr, Nanoseconds time) {
  constexpr Nanoseconds second = 1'000'000'000;
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;  // Fibonacci hashing.
  Site& site = sites_[((instruction_pointer ^ nr) * golden) >> 52];
  if (site.calls++ % sample_ != 0) return Verdict::sampled_out;
  if (max_rate_ == 0) return Verdict::record;
  if (time - site.second_began >= second) {
    site.second_began = time;
    site.in_second = 0;
  }
  if (site.in_second >= max_rate_) return Verdict::over_rate;
  ++site.in_second;
  return Verdict::record;
}

}  // namespace sonde::record
