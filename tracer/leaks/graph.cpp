#include "leaks/graph.hpp"

#include <algorithm>
#include <array>

#include "leaks/heuristics.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/base/two_threads.hpp"

namespace sonde::leaks {

namespace {

constexpr std::uint32_t blocks_at_once = 16'384;
constexpr std::uint64_t links_at_once = 4096;
constexpr std::uint64_t bytes_per_link = 32;  // So they take an eighth of the memory.

}  // namespace

class Graph::Builder {
 public:
  Builder(Graph& graph, const Input& input, const Memory& memory)
      : graph_(graph), input_(input), blocks_(input.blocks), memory_(memory) {}

  void work() {
    const auto count = static_cast<std::uint32_t>(blocks_.size());
    while (true) {
      const std::uint32_t from = graph_.next_block_.fetch_add(blocks_at_once);
      if (from >= count) break;
      blocks_.for_each(from, std::min(count, from + blocks_at_once),
                       [this](std::uint32_t index, const Block& block) { look_through(index, block); });
      resolve();
    }
    graph_.words_ += words_;
    graph_.unreadable_ += unreadable_;
  }

 private:
  // A word of a block that may be a pointer.
  struct Candidate {
    std::uint64_t word;
    const Blocks::Run* run;
    std::uint32_t source;
    std::uint32_t
        link;  // A block's number, later with Graph::interior; Graph::nothing when it is no pointer.
  };
  static constexpr std::size_t most_at_once = 1024;
  static constexpr std::uint32_t to_be_judged = last;  // Not at its start, as far as is known.

  void look_through(std::uint32_t index, const Block& block) {
    if (!counts(block.size)) {
      graph_.heads_[index] = unread;
      return;
    }
    if (candidates_end_ + small_bytes / word_bytes > most_at_once) resolve();
    graph_.heads_[index] = nothing;
    std::uint64_t from = align_up(block.address);
    const std::uint64_t to = std::max(from, align_down(block.address + block.size));
    while (from < to) {
      const Memory::Words words = memory_.words(from, to);
      if (words.count == 0) {
        unreadable_ += to - from;
        return;
      }
      unreadable_ += words.begin - from;
      words_ += words.count;
      for (std::size_t i = 0; i < words.count; ++i) add(load_word(words.bytes + i * word_bytes), index);
      from = words.end();
    }
  }

  void add(std::uint64_t word, std::uint32_t source) {
    if (!blocks_.may_have(word)) return;
    if (run_ == nullptr || word < run_->begin || word >= run_end_) {
      run_ = blocks_.run_at(word);
      if (run_ == nullptr) return;
      run_end_ = run_ == &blocks_.runs_.back() ? ~std::uint64_t{0} : run_[1].begin;
    }
    blocks_.prefetch_place(*run_, word);
    candidates_[candidates_end_++] = {word, run_, source, nothing};
  }

  // Each of these waits for memory that the one before has asked for, for all at once.
  void resolve() {
    const auto all = std::span(candidates_).first(candidates_end_);
    for (Candidate& one : all) {
      const Blocks::Place place = blocks_.place_of(*one.run, one.word);
      one.link = place.index | (place.is_start ? 0 : to_be_judged);
      if (!place.is_start) __builtin_prefetch(&blocks_.packed_[place.index]);
    }
    for (Candidate& one : all) {
      if ((one.link & to_be_judged) != 0) one.link = judge(one);
    }
    for (std::size_t i = 0; i < all.size();) {
      const std::size_t begin = i;
      while (i < all.size() && all[i].source == all[begin].source) ++i;
      store(all.subspan(begin, i - begin));
    }
    candidates_end_ = 0;
  }

  std::uint32_t judge(const Candidate& one) const {
    const std::uint32_t index = one.link & block_mask;
    const Block block = blocks_.block(index, *one.run);
    if (one.word > block.end()) return nothing;
    if (one.word == block.end()) return is_empty_array(input_, memory_, block, one.word) ? index : nothing;
    return is_held_inside(input_, memory_, block, one.word) ? index : index | interior;
  }

  // Those of one block.
  void store(std::span<Candidate> all) {
    const auto end =
        std::remove_if(all.begin(), all.end(), [](const Candidate& one) { return one.link == nothing; });
    const auto count = static_cast<std::size_t>(end - all.begin());
    if (count == 0) return;
    std::uint32_t& head = graph_.heads_[all.front().source];
    if (count == 1) {
      head = all.front().link | last;
      return;
    }
    if (link_ + count > links_end_ && !take_links()) {
      head = unread;
      return;
    }
    head = static_cast<std::uint32_t>(link_);
    for (std::size_t i = 0; i < count; ++i) graph_.links_[link_++] = all[i].link;
    graph_.links_[link_ - 1] |= last;
  }

  bool take_links() {
    static_assert(links_at_once > small_bytes / word_bytes);
    if (graph_.next_link_ >= graph_.links_.size()) return false;
    const std::uint64_t from = graph_.next_link_.fetch_add(links_at_once);
    if (from >= graph_.links_.size()) return false;
    link_ = from;
    links_end_ = from + links_at_once;
    return true;
  }

  Graph& graph_;
  const Input& input_;
  const Blocks& blocks_;
  Memory memory_;  // Remembers where it was asked for last: each thread has its own.
  std::array<Candidate, most_at_once> candidates_;
  std::size_t candidates_end_ = 0;
  const Blocks::Run* run_ = nullptr;
  std::uint64_t run_end_ = 0;
  std::uint64_t link_ = 0;  // Of those taken, the next.
  std::uint64_t links_end_ = 0;
  std::uint64_t words_ = 0;
  std::uint64_t unreadable_ = 0;
};

Graph::Graph(const Input& input, const Memory& memory) : heads_(input.blocks.size()) {
  static_assert(limits::leak_blocks <= block_mask + std::size_t{1});
  static_assert(limits::leak_links <= last);  // A place among them is no link.
  std::uint64_t bytes = 0;
  for (const Region& region : memory.regions()) bytes += region.bytes.size();
  const std::uint64_t room = std::min(bytes / bytes_per_link, limits::leak_links - links_at_once);
  links_.resize((room / links_at_once + 1) * links_at_once);
  const auto work = [&] { Builder(*this, input, memory).work(); };
  if (heads_.size() / 4 > blocks_at_once) {
    in_two_threads(work);
  } else {
    work();
  }
}

}  // namespace sonde::leaks
