#include "leaks/marker.hpp"

#include <algorithm>

namespace sonde::leaks {

Marker::Marker(const Input& input)
    : input_(input),
      blocks_(input.blocks),
      memory_(input.regions),
      graph_(input, memory_),
      pipeline_(input.blocks),
      states_(input.blocks.size(), State::unseen),
      list_(input.blocks.size()) {}

template <Marker::State mark>
Marker::Link Marker::link_to(const Block& block, std::uint64_t pointer) const {
  if (pointer == block.end())
    return is_empty_array(input_, memory_, block, pointer) ? Link::start : Link::none;
  if (mark != State::reachable || pointer == block.address) return Link::start;
  return is_held_inside(input_, memory_, block, pointer) ? Link::start : Link::interior;
}

template <Marker::State mark, typename LinkOf>
void Marker::arrive(std::uint32_t index, const LinkOf& link) {
  State& state = states_[index];
  if constexpr (mark == State::reachable) {
    if (state == State::reachable) return;
    const Link what = link();
    if (what == Link::start) push(index, mark);
    if (what == Link::interior) state = State::entered;
    return;
  }
  if constexpr (mark == State::possible) {
    if (state == State::reachable || state == State::possible) return;
  }
  if constexpr (mark == State::lost) {
    if (state != State::unseen && (state != State::lost || leaders_[index] == leader_)) return;
  }
  if constexpr (mark == State::led) {
    if (state != State::lost) return;
  }
  if (link() == Link::none) return;
  if constexpr (mark == State::lost) {
    if (state == State::lost) {
      crossed_ = true;
      return;
    }
  }
  if constexpr (mark == State::lost || mark == State::led) leaders_[index] = leader_;
  push(index, mark);
}

template <Marker::State mark>
std::uint64_t Marker::scan_words(std::uint64_t from, std::uint64_t to) {
  std::uint64_t unreadable = 0;
  while (from < to) {
    const Memory::Words words = memory_.words(from, to);
    if (words.count == 0) return unreadable + (to - from);
    unreadable += words.begin - from;
    words_ += words.count;
    for (std::size_t i = 0; i < words.count; ++i) look_at<mark>(load_word(words.bytes + i * word_bytes));
    from = words.end();
  }
  return unreadable;
}

template <Marker::State mark>
void Marker::prefetch_ahead() {
  constexpr std::size_t farthest = 24;
  constexpr std::size_t farther = 16;
  constexpr std::size_t far = 8;
  const auto has = [this](std::size_t ahead) { return list_begin_ + ahead < list_end_; };
  if (has(farthest)) graph_.prefetch(list_[list_begin_ + farthest]);
  if (has(farther)) graph_.prefetch_links(list_[list_begin_ + farther]);
  if (!has(far)) return;
  graph_.for_each(list_[list_begin_ + far], [this](std::uint32_t index, bool) {
    prefetch_state(index);
    if constexpr (mark == State::lost) __builtin_prefetch(&leaders_[index]);
  });
}

template <Marker::State mark>
void Marker::scan_block(const Block& block) {
  const std::uint64_t from = align_up(block.address);
  const std::uint64_t words = words_;
  const std::uint64_t unreadable =
      scan_words<mark>(from, std::max(from, align_down(block.address + block.size)));
  if (Graph::counts(block.size)) {
    words_ = words;
  } else {
    unreadable_ += unreadable;
  }
}

template <Marker::State mark>
void Marker::follow() {
  while (true) {
    if (list_begin_ != list_end_) {
      prefetch_ahead<mark>();
      const std::uint32_t index = list_[list_begin_++];
      const bool known = graph_.for_each(index, [this](std::uint32_t to, bool is_start) {
        arrive<mark>(to, [is_start] { return is_start ? Link::start : Link::interior; });
      });
      if (!known) scan_block<mark>(blocks_[index]);
    } else if (!pipeline_.empty()) {
      drain<mark>();
    } else {
      list_begin_ = list_end_ = 0;
      return;
    }
  }
}

void Marker::scan_root(const Region& region) {
  std::uint64_t from = region.begin;
  std::uint32_t index = blocks_.first_from(region.begin);
  if (index > 0) --index;  // It may reach into the region.
  while (from < region.end()) {
    std::uint64_t gap_end = region.end();
    std::uint64_t behind = region.end();
    if (index < blocks_.size() && blocks_[index].address < region.end()) {
      const Block block = blocks_[index++];
      if (block.size == 0) continue;  // It covers no word.
      gap_end = std::max(block.address, from);
      behind = std::max(block.address + block.size, from);
    }
    const std::uint64_t begin = align_up(from);
    const std::uint64_t end = align_down(gap_end);
    if (begin < end) scan_words<State::reachable>(begin, end);
    from = behind;
  }
}

void Marker::mark_reachable() {
  for (const std::uint64_t word : input_.words) look_at<State::reachable>(word);
  words_ += input_.words.size();
  for (const Region& region : memory_.regions()) {
    if (region.root) scan_root(region);
  }
  follow<State::reachable>();
}

void Marker::mark_possible() {
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    if (states_[i] == State::entered) push(i, State::possible);
  }
  follow<State::possible>();
}

// A block from which a walk began is led by no other unless a later walk, or that of a later one's, comes to
// it: what earlier ones came to they have followed to its end.
void Marker::mark_lost() {
  const auto is_unseen = [](State state) { return state == State::unseen; };
  if (std::none_of(states_.begin(), states_.end(), is_unseen)) return;
  leaders_.resize(states_.size());
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    if (states_[i] != State::unseen) {
      if (states_[i] != State::lost) leaders_[i] = i;
      continue;
    }
    leader_ = leaders_[i] = i;
    push(i, State::lost);
    follow<State::lost>();
  }
  if (crossed_) lead();
}

// So from the last to the first: the walk from one that leads comes to all the others that do not.
void Marker::lead() {
  for (std::uint32_t i = static_cast<std::uint32_t>(states_.size()); i-- > 0;) {
    if (states_[i] != State::lost || leaders_[i] != i) continue;
    leader_ = i;
    push(i, State::led);
    follow<State::led>();
  }
}

void Marker::sum_up_leaders(Outcome& outcome) {
  // The place of each leader in outcome.kept. The work list has room for it.
  constexpr std::uint32_t none = ~std::uint32_t{0};
  for (const std::uint32_t leader : leaders_) list_[leader] = none;
  for (std::uint32_t i = 0; i < leaders_.size(); ++i) {
    const std::uint32_t leader = leaders_[i];
    if (leader == i) continue;
    if (list_[leader] == none) {
      list_[leader] = static_cast<std::uint32_t>(outcome.kept.size());
      outcome.kept.push_back({.index = leader});
    }
    Leader& kept = outcome.kept[list_[leader]];
    ++kept.kept_blocks;
    kept.kept_bytes += blocks_[i].size;
  }
  std::sort(outcome.kept.begin(), outcome.kept.end(),
            [](const Leader& a, const Leader& b) { return a.index < b.index; });
}

void Marker::count(Outcome& outcome) const {
  outcome.classes.reserve(states_.size());
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    LeakClass kind = LeakClass::reachable;
    if (states_[i] == State::possible) kind = LeakClass::possible;
    if (states_[i] == State::lost || states_[i] == State::led) {
      kind = leaders_[i] == i ? LeakClass::definite : LeakClass::indirect;
    }
    outcome.classes.push_back(kind);
    ClassTotal& total = outcome.totals[static_cast<std::size_t>(kind)];
    ++total.blocks;
    total.bytes += blocks_[i].size;
  }
}

Outcome Marker::run() {
  mark_reachable();
  mark_possible();
  mark_lost();
  Outcome outcome;
  count(outcome);
  sum_up_leaders(outcome);
  outcome.leaders = std::move(leaders_);
  outcome.words_scanned = words_ + graph_.words();
  outcome.unreadable_bytes = unreadable_ + graph_.unreadable_bytes();
  outcome.regions_left_out = memory_.left_out();
  return outcome;
}

Outcome scan(const Input& input) { return Marker(input).run(); }

}  // namespace sonde::leaks
