#include "sonde/record/site_limiter.hpp"

#include <doctest/doctest.h>

#include <memory>

using sonde::record::Options;
using sonde::record::SiteLimiter;
using Verdict = SiteLimiter::Verdict;

namespace {

constexpr sonde::Nanoseconds second = 1'000'000'000;

std::unique_ptr<SiteLimiter> limiter(std::uint32_t sample, std::uint32_t max_rate) {
  Options options;
  options.sample = sample;
  options.max_rate = max_rate;
  return std::make_unique<SiteLimiter>(options);
}

}  // namespace

TEST_CASE("without limits everything is recorded") {
  const auto sites = limiter(1, 0);
  CHECK_FALSE(sites->active());
  for (int i = 0; i < 1000; ++i) CHECK(sites->ask(0x1000, 1, second) == Verdict::record);
}

TEST_CASE("one of N calls of each site is recorded, the first among them") {
  const auto sites = limiter(10, 0);
  CHECK(sites->active());
  int recorded = 0;
  CHECK(sites->ask(0x2000, 2, second) == Verdict::record);
  for (int i = 0; i < 1000; ++i) {
    const auto verdict = sites->ask(0x1000, 1, second);
    CHECK((verdict == Verdict::record) == (i % 10 == 0));
    recorded += verdict == Verdict::record;
  }
  CHECK(recorded == 100);
  CHECK(sites->ask(0x2000, 2, second) == Verdict::sampled_out);
}

TEST_CASE("a site records so many calls a second, and begins anew in the next") {
  const auto sites = limiter(1, 5);
  for (sonde::Nanoseconds start : {10 * second, 11 * second, 100 * second}) {
    for (int i = 0; i < 20; ++i) {
      CHECK(sites->ask(0x1000, 1, start + static_cast<sonde::Nanoseconds>(i)) ==
            (i < 5 ? Verdict::record : Verdict::over_rate));
    }
  }
  CHECK(sites->ask(0x3000, 1, 100 * second) == Verdict::record);
}

TEST_CASE("the number of the call is part of the site") {
  const auto sites = limiter(1, 1);
  CHECK(sites->ask(0x1000, 1, second) == Verdict::record);
  CHECK(sites->ask(0x1000, 2, second) == Verdict::record);
  CHECK(sites->ask(0x1000, 1, second) == Verdict::over_rate);
}
