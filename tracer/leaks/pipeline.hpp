// Finds the blocks that words point to, many at once: a search waits for memory some three times, and a
// block's state is a fourth, so several words are under way, each asking for what it will need next.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "sonde/leaks/blocks.hpp"

namespace sonde::leaks {

class Pipeline {
 public:
  explicit Pipeline(const Blocks& blocks) : blocks_(blocks) {}

  // A word may point to a block. `prefetch(index)` is called some words before `arrive(block, index, word)`,
  // which is called, in the words' order, for each that points into a block or at its very end.
  template <typename Prefetch, typename Arrive>
  void add(std::uint64_t word, const Prefetch& prefetch, const Arrive& arrive) {
    if (!blocks_.may_have(word)) return;
    if (!begin_search(word)) return;
    ++added_;
    if (added_ > step) find_page(entry(added_ - 1 - step));
    if (added_ > 2 * step) find_block(entry(added_ - 1 - 2 * step), prefetch);
    if (added_ > 3 * step) finish(arrive);
  }

  bool empty() const { return added_ == finished_; }

  // Brings those to their end that are under way. `foresee(word)` is called first for each: nothing else is
  // there to be done while memory is waited for.
  template <typename Foresee, typename Prefetch, typename Arrive>
  void drain(const Foresee& foresee, const Prefetch& prefetch, const Arrive& arrive) {
    for (std::uint64_t i = finished_; i < added_; ++i) foresee(entry(i).word);
    const std::uint64_t paged = added_ > step ? added_ - step : 0;
    const std::uint64_t found = added_ > 2 * step ? added_ - 2 * step : 0;
    const std::uint64_t end = added_;
    for (std::uint64_t i = paged; i < end; ++i) find_page(entry(i));
    for (std::uint64_t i = found; i < end; ++i) find_block(entry(i), prefetch);
    while (finished_ < end) finish(arrive);
    added_ = finished_ = 0;
  }

 private:
  struct Entry {
    std::uint64_t word;
    const Blocks::Run* run;
    std::uint32_t index;
  };
  static constexpr std::uint64_t step = 12;
  static constexpr std::uint64_t entries = 64;
  static_assert(entries > 3 * step);

  Entry& entry(std::uint64_t number) { return ring_[number % entries]; }

  bool begin_search(std::uint64_t word) {
    if (run_ == nullptr || word < run_->begin || word >= run_end_) {
      run_ = blocks_.run_at(word);
      if (run_ == nullptr) return false;
      run_end_ = run_ + 1 == blocks_.runs_.data() + blocks_.runs_.size() ? ~std::uint64_t{0} : run_[1].begin;
    }
    blocks_.prefetch_place(*run_, word);
    entry(added_) = {word, run_, Blocks::none};
    return true;
  }

  void find_page(Entry& entry) {
    if (entry.run->groups == 0) {
      blocks_.prefetch_guess(*entry.run, entry.word);
      return;
    }
    entry.index = blocks_.place_in_group(*entry.run, entry.word - entry.run->begin).index;
    __builtin_prefetch(&blocks_.packed_[entry.index]);
  }

  template <typename Prefetch>
  void find_block(Entry& entry, const Prefetch& prefetch) {
    if (entry.run->groups == 0) entry.index = blocks_.last_in_page(*entry.run, entry.word);
    prefetch(entry.index);
  }

  template <typename Arrive>
  void finish(const Arrive& arrive) {
    const Entry& done = entry(finished_++);
    const Block block = blocks_.block(done.index, *done.run);
    if (done.word <= block.end()) arrive(block, done.index, done.word);
  }

  const Blocks& blocks_;
  const Blocks::Run* run_ = nullptr;  // Of the last word.
  std::uint64_t run_end_ = 0;
  std::array<Entry, entries> ring_;
  std::uint64_t added_ = 0;
  std::uint64_t finished_ = 0;
};

}  // namespace sonde::leaks
