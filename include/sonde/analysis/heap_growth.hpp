// How a heap develops from round to round: which stacks hold more each time, and which levelled off.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sonde/analysis/process_heap.hpp"

namespace sonde::analysis {

// What was live of one stack, or of all, when a round ended.
struct LivePoint {
  std::uint64_t bytes = 0;
  std::uint64_t blocks = 0;
};

struct GrowthRound {
  std::uint64_t number = 0;  // From 1 on; 0: before the first.
  Nanoseconds ended = 0;
  LivePoint live;
  std::uint64_t resident_max =
      0;  // Bytes, as far as it was looked at; of rounds that were merged the largest.
};

enum class Trend : std::uint8_t {
  steady,    // It grows on, in the last rounds not much less than before.
  levelled,  // It grew, and then hardly any more.
  varying,   // It comes and goes, or shrinks, or is too young to tell.
};

// How a value developed over rounds. Rates are the later half's: medians of the slopes between all its points
// (Theil and Sen), which a few values that stand out do not move.
struct Development {
  Trend trend = Trend::varying;
  double per_round = 0;
  double per_second = 0;
  std::size_t grew = 0;   // From one point to the next,
  std::size_t steps = 0;  // of so many times.
};

// `values`: one for each of `rounds`, which ascend. Fewer than 4 steps show no trend.
Development develop(const std::vector<GrowthRound>& rounds, const std::vector<std::uint64_t>& values);

// The rounds of one heap. Memory: at most limits::growth_points points, 16 bytes each, however many rounds
// there are: where there would be more, every other round is merged into the one behind it, from then on too.
// A round that is merged costs next to nothing.
class HeapGrowth {
 public:
  // What is live now is what the first round begins with.
  HeapGrowth(const ProcessHeap& heap, Nanoseconds time);

  // The process has so much in RAM.
  void note_resident(std::uint64_t bytes);
  void end_round(const ProcessHeap& heap, Nanoseconds time);

  // The beginning, as number 0, and then the rounds that were kept.
  const std::vector<GrowthRound>& rounds() const { return rounds_; }
  std::uint64_t count() const { return count_; }
  // When the last round ended, kept or not; the first began.
  Nanoseconds last_ended() const { return last_ended_; }
  // Of so many rounds the last one was kept.
  std::uint64_t merged() const { return merged_; }
  // Of ProcessHeap::sites(): a value for each of rounds(), 0 before the site was known.
  std::vector<LivePoint> points_of(std::uint32_t site) const;
  // The first of them and the last.
  std::pair<LivePoint, LivePoint> ends_of(std::uint32_t site) const;
  // So many sites had been seen when the last round ended.
  std::size_t sites() const { return snapshots_.back().size(); }

 private:
  void keep(const ProcessHeap& heap, Nanoseconds time);
  void thin_out();

  std::vector<GrowthRound> rounds_;
  std::vector<std::vector<LivePoint>> snapshots_;  // Of rounds_, by site.
  std::uint64_t count_ = 0;
  std::uint64_t merged_ = 1;  // A round is kept of so many.
  std::size_t points_ = 0;
  Nanoseconds last_ended_;
  std::uint64_t resident_ = 0;
  std::uint64_t resident_max_ = 0;  // Since the last kept round.
};

}  // namespace sonde::analysis
