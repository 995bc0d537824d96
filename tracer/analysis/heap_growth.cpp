#include "sonde/analysis/heap_growth.hpp"

#include <algorithm>
#include <utility>

#include "sonde/base/limits.hpp"

namespace sonde::analysis {

namespace {

constexpr std::size_t least_steps = 4;
constexpr std::size_t least_rounds = 8;  // That are kept, however many sites there are.

struct Slopes {
  double per_round = 0;
  double per_second = 0;
  double agreement = 0;  // Kendall's tau: of all pairs, those that rise less those that fall.
};

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Slopes slopes_of(const std::vector<GrowthRound>& rounds, const std::vector<std::uint64_t>& values,
                 std::size_t from) {
  std::vector<double> by_round;
  std::vector<double> by_second;
  std::ptrdiff_t balance = 0;
  for (std::size_t i = from; i < values.size(); ++i) {
    for (std::size_t j = i + 1; j < values.size(); ++j) {
      const double rise = static_cast<double>(values[j]) - static_cast<double>(values[i]);
      const auto apart = static_cast<double>(rounds[j].number - rounds[i].number);
      const double seconds = static_cast<double>(rounds[j].ended - rounds[i].ended) / 1e9;
      by_round.push_back(rise / apart);
      if (seconds > 0) by_second.push_back(rise / seconds);
      balance += (rise > 0) - (rise < 0);
    }
  }
  Slopes slopes;
  if (by_round.empty()) return slopes;
  slopes.agreement = static_cast<double>(balance) / static_cast<double>(by_round.size());
  slopes.per_round = median(by_round);
  if (!by_second.empty()) slopes.per_second = median(by_second);
  return slopes;
}

// What grows for good does so in the later half of the rounds as well, most of the time, and in the last of
// their quarters not much less than in the one before: what fills up slows down.
Trend trend_of(const std::vector<std::uint64_t>& values, const Slopes& late, std::size_t middle) {
  constexpr double most_of_the_time = 0.5;
  const std::uint64_t first = values.front();
  const std::uint64_t last = values.back();
  if (last <= first) return Trend::varying;
  const auto rise = [&](std::size_t from, std::size_t to) {
    return static_cast<std::int64_t>(values[to] - values[from]);
  };
  const std::size_t end = values.size() - 1;
  const std::size_t quarter = (middle + end) / 2;
  const std::int64_t lately = rise(quarter, end);
  if (late.agreement >= most_of_the_time && late.per_round > 0 && lately > 0 &&
      2 * lately >= rise(middle, quarter))
    return Trend::steady;
  const auto [low, high] =
      std::minmax_element(values.begin() + static_cast<std::ptrdiff_t>(middle), values.end());
  return *high - *low <= (last - first) / 4 ? Trend::levelled : Trend::varying;
}

}  // namespace

Development develop(const std::vector<GrowthRound>& rounds, const std::vector<std::uint64_t>& values) {
  Development result;
  if (values.size() < 2) return result;
  result.steps = values.size() - 1;
  for (std::size_t i = 1; i < values.size(); ++i) result.grew += values[i] > values[i - 1];
  const std::size_t middle = values.size() / 2;
  const Slopes late = slopes_of(rounds, values, result.steps < least_steps ? 0 : middle);
  result.per_round = late.per_round;
  result.per_second = late.per_second;
  if (result.steps >= least_steps) result.trend = trend_of(values, late, middle);
  return result;
}

HeapGrowth::HeapGrowth(const ProcessHeap& heap, Nanoseconds time) : last_ended_(time) { keep(heap, time); }

void HeapGrowth::note_resident(std::uint64_t bytes) {
  resident_ = bytes;
  resident_max_ = std::max(resident_max_, bytes);
}

void HeapGrowth::end_round(const ProcessHeap& heap, Nanoseconds time) {
  ++count_;
  last_ended_ = time;
  if (count_ % merged_ != 0) return;
  keep(heap, time);
  const bool many = rounds_.size() > limits::growth_rounds;
  if (many || (points_ > limits::growth_points && rounds_.size() > least_rounds)) thin_out();
}

void HeapGrowth::keep(const ProcessHeap& heap, Nanoseconds time) {
  const HeapCounters& total = heap.total();
  rounds_.push_back({count_, time, {total.live_bytes, total.live_blocks}, resident_max_});
  resident_max_ = resident_;
  std::vector<LivePoint> points;
  points.reserve(heap.sites().size());
  for (const auto& site : heap.sites())
    points.push_back({site.counters.live_bytes, site.counters.live_blocks});
  points_ += points.size();
  snapshots_.push_back(std::move(points));
}

void HeapGrowth::thin_out() {
  merged_ *= 2;
  std::size_t kept = 1;
  std::uint64_t resident = 0;
  for (std::size_t i = 1; i < rounds_.size(); ++i) {
    resident = std::max(resident, rounds_[i].resident_max);
    if (rounds_[i].number % merged_ != 0) continue;
    rounds_[kept] = rounds_[i];
    rounds_[kept].resident_max = std::exchange(resident, 0);
    if (kept != i) snapshots_[kept] = std::move(snapshots_[i]);
    ++kept;
  }
  resident_max_ = std::max(resident_max_, resident);
  rounds_.resize(kept);
  snapshots_.resize(kept);
  points_ = 0;
  for (const auto& snapshot : snapshots_) points_ += snapshot.size();
}

std::pair<LivePoint, LivePoint> HeapGrowth::ends_of(std::uint32_t site) const {
  const auto of = [&](const std::vector<LivePoint>& snapshot) {
    return site < snapshot.size() ? snapshot[site] : LivePoint{};
  };
  return {of(snapshots_.front()), of(snapshots_.back())};
}

std::vector<LivePoint> HeapGrowth::points_of(std::uint32_t site) const {
  std::vector<LivePoint> points;
  points.reserve(snapshots_.size());
  for (const auto& snapshot : snapshots_)
    points.push_back(site < snapshot.size() ? snapshot[site] : LivePoint{});
  return points;
}

}  // namespace sonde::analysis
