#include "sonde/analysis/memory_series.hpp"

#include <algorithm>

#include "sonde/base/limits.hpp"

namespace sonde::analysis {

namespace {

const MemorySample& larger(const MemorySample& a, const MemorySample& b) {
  return b.use.resident > a.use.resident ? b : a;
}

std::uint64_t above(std::uint64_t value, std::uint64_t before) { return value > before ? value - before : 0; }

// Of a forged stream the sum may not fit.
std::uint64_t sum(std::uint64_t a, std::uint64_t b) { return a + b < a ? ~std::uint64_t{0} : a + b; }

}  // namespace

void MemorySeries::add(const MemorySample& sample) {
  const event::MemoryUse& use = sample.use;
  if (count_++ == 0) first_ = largest_ = sample;
  last_ = sample;
  largest_ = larger(largest_, sample);
  brk_max_ = std::max(brk_max_, use.brk);
  mapped_max_ = std::max(mapped_max_, use.mapped);
  growth_ = std::max(growth_, above(sum(use.brk, use.mapped), sum(first_.use.brk, first_.use.mapped)));
  resident_growth_ = std::max(resident_growth_, above(use.anonymous, first_.use.anonymous));
  pending_ = pending_count_ == 0 ? sample : larger(pending_, sample);
  if (++pending_count_ < merged_) return;
  pending_count_ = 0;
  keep(pending_);
}

void MemorySeries::keep(const MemorySample& sample) {
  // Room for what is pending, and for the last.
  if (kept_.size() + 2 >= limits::heap_memory_samples) {
    for (std::size_t i = 0; i < kept_.size() / 2; ++i) kept_[i] = larger(kept_[2 * i], kept_[2 * i + 1]);
    kept_.resize(kept_.size() / 2);
    merged_ *= 2;
  }
  kept_.push_back(sample);
}

std::vector<MemorySample> MemorySeries::samples() const {
  std::vector<MemorySample> all = kept_;
  if (pending_count_ != 0) all.push_back(pending_);
  if (!empty() && (all.empty() || all.back().time != last_.time)) all.push_back(last_);
  return all;
}

}  // namespace sonde::analysis
