#include "sonde/cli/quantity.hpp"

#include <doctest/doctest.h>

using namespace sonde::cli;

TEST_CASE("sizes") {
  CHECK(*parse_bytes("4096") == 4096);
  CHECK(*parse_bytes("64KiB") == 65536);
  CHECK(*parse_bytes("64K") == 65536);
  CHECK(*parse_bytes("100MB") == 100'000'000);
  CHECK(*parse_bytes("1.5G") == 1610612736);
  for (const char* bad : {"", "x", "-1", "0", "5Q", "1e3", "nan", "MB", "99999999999999999999GB"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_bytes(bad));
  }
}

TEST_CASE("durations") {
  CHECK(*parse_duration("30s") == 30'000'000'000);
  CHECK(*parse_duration("2") == 2'000'000'000);
  CHECK(*parse_duration("0.5ms") == 500'000);
  CHECK(*parse_duration("2m") == 120'000'000'000);
  CHECK_FALSE(parse_duration("soon"));
  CHECK(parse_duration("5x").error().context == "'5x' is no duration; durations look like 30s, 500ms or 2m");
}

TEST_CASE("sampling and rates") {
  CHECK(*parse_sampling("1/100") == 100);
  for (const char* bad : {"", "1/", "1/0", "2/3", "1/x", "1/5x"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_sampling(bad));
  }
  CHECK(*parse_rate("10k/s") == 10'000);
  CHECK(*parse_rate("500") == 500);
  CHECK_FALSE(parse_rate("fast"));
}
