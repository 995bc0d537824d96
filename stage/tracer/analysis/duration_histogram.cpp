#include "sonde/analysis/duration_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sonde::analysis {

void DurationHistogram::add(Nanoseconds duration) {
  // Octave 0 holds 0 to 63, octave n the durations of n + 6 significant bits, of which the first seven tell
  // the bucket.
  const unsigned width = static_cast<unsigned>(std::bit_width(duration));
  const unsigned octave = width <= buckets_bits ? 0 : width - buckets_bits;
  const unsigned shift = octave == 0 ? 0 : octave - 1;
  const auto bucket = static_cast<std::size_t>((duration >> shift) % buckets);
  auto& counts = octaves_[octave];
  if (!counts) counts = std::make_unique<Octave>();
  ++(*counts)[bucket];
  ++count_;
}

void DurationHistogram::add(const DurationHistogram& other) {
  for (unsigned octave = 0; octave < octaves; ++octave) {
    if (!other.octaves_[octave]) continue;
    auto& counts = octaves_[octave];
    if (!counts) counts = std::make_unique<Octave>();
    for (unsigned bucket = 0; bucket < buckets; ++bucket)
      (*counts)[bucket] += (*other.octaves_[octave])[bucket];
  }
  count_ += other.count_;
}

Nanoseconds DurationHistogram::quantile(double fraction) const {
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (unsigned octave = 0; octave < octaves; ++octave) {
    if (!octaves_[octave]) continue;
    for (unsigned bucket = 0; bucket < buckets; ++bucket) {
      seen += (*octaves_[octave])[bucket];
      if (seen < wanted) continue;
      if (octave == 0) return bucket;
      const unsigned shift = octave - 1;
      const Nanoseconds lowest = Nanoseconds{buckets + bucket} << shift;
      return lowest + (Nanoseconds{1} << shift) / 2;
    }
  }
  return 0;
}

}  // namespace sonde::analysis
