#include "sonde/analysis/duration_histogram.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using sonde::Nanoseconds;
using sonde::analysis::DurationHistogram;

TEST_CASE("an empty histogram has no quantiles") {
  DurationHistogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.quantile(0.5) == 0);
}

TEST_CASE("durations below 128 ns are told exactly") {
  for (Nanoseconds duration = 0; duration < 128; ++duration) {
    DurationHistogram histogram;
    histogram.add(duration);
    CHECK(histogram.quantile(0.5) == duration);
  }
}

TEST_CASE("every duration is told to within 1 %") {
  std::mt19937_64 random(1);
  for (unsigned bits = 7; bits <= 64; ++bits) {
    for (int i = 0; i < 50; ++i) {
      const Nanoseconds top = Nanoseconds{1} << (bits - 1);
      const Nanoseconds duration = top | (random() & (top - 1));
      DurationHistogram histogram;
      histogram.add(duration);
      const double told = static_cast<double>(histogram.quantile(0.99));
      CHECK(std::abs(told - static_cast<double>(duration)) <= static_cast<double>(duration) / 100);
    }
  }
  DurationHistogram largest;
  largest.add(std::numeric_limits<Nanoseconds>::max());
  CHECK(largest.quantile(1) > std::numeric_limits<Nanoseconds>::max() / 100 * 99);
}

TEST_CASE("quantiles of many durations agree with those of the sorted list") {
  std::mt19937_64 random(2);
  std::lognormal_distribution<double> distribution(9, 2);
  std::vector<Nanoseconds> all;
  DurationHistogram first;
  DurationHistogram second;
  for (int i = 0; i < 100'000; ++i) {
    all.push_back(static_cast<Nanoseconds>(distribution(random)));
    (i % 3 == 0 ? first : second).add(all.back());
  }
  first.add(second);
  CHECK(first.count() == all.size());
  std::sort(all.begin(), all.end());
  for (const double fraction : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto index = static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(all.size()))) - 1;
    const double right = static_cast<double>(all[index]);
    CHECK(std::abs(static_cast<double>(first.quantile(fraction)) - right) <= right / 100);
  }
}
