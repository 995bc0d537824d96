// Walks along the pointers, from the roots and from the lost blocks.
#pragma once

#include <cstdint>
#include <vector>

#include "leaks/graph.hpp"
#include "leaks/heuristics.hpp"
#include "leaks/memory.hpp"
#include "leaks/pipeline.hpp"
#include "sonde/leaks/scan.hpp"

namespace sonde::leaks {

class Marker {
 public:
  explicit Marker(const Input& input);

  // All of it. Each block is looked through once; large ones that are lost twice where lost ones hold each
  // other.
  Outcome run();

 private:
  enum class State : std::uint8_t {
    unseen,
    entered,    // A definitely reachable block, or a root, has an interior-pointer to it.
    reachable,  // These, once they are so, are in the work list or have left it.
    possible,
    lost,  // One of the definite block's that leaders_ says, as far as is known.
    led,   // The same, for good.
  };

  void mark_reachable();
  void mark_possible();
  void mark_lost();
  void lead();
  void scan_root(const Region& region);
  // Those of the blocks in the work list, and of all that they lead to.
  template <State mark>
  void follow();

  template <State mark>
  void look_at(std::uint64_t word) {
    pipeline_.add(
        word, [this](std::uint32_t index) { prefetch_state(index); },
        [this](const Block& block, std::uint32_t index, std::uint64_t pointer) {
          arrive<mark>(index, [&] { return link_to<mark>(block, pointer); });
        });
  }
  template <State mark>
  void drain() {
    pipeline_.drain([this](std::uint64_t word) { prefetch_bytes(word); },
                    [this](std::uint32_t index) { prefetch_state(index); },
                    [this](const Block& block, std::uint32_t index, std::uint64_t pointer) {
                      arrive<mark>(index, [&] { return link_to<mark>(block, pointer); });
                    });
  }
  // The words of the memory up to `to`, as far as it could be copied. Returns how many bytes could not.
  template <State mark>
  std::uint64_t scan_words(std::uint64_t from, std::uint64_t to);
  // The words of a block.
  template <State mark>
  void scan_block(const Block& block);
  // What a pointer into a block, or to its end, is to it. To marks other than `reachable` all are alike.
  enum class Link : std::uint8_t { none, interior, start };
  template <State mark>
  Link link_to(const Block& block, std::uint64_t pointer) const;
  // A word points to the block: which may change its state, and put it into the work list. `link` says what
  // that word is; it is asked where that matters.
  template <State mark, typename LinkOf>
  void arrive(std::uint32_t index, const LinkOf& link);

  void push(std::uint32_t index, State state) {
    states_[index] = state;
    list_[list_end_++] = index;
    graph_.prefetch(index);
  }
  void prefetch_state(std::uint32_t index) const { __builtin_prefetch(&states_[index], 1); }
  // What the blocks need that stand some places behind in the work list.
  template <State mark>
  void prefetch_ahead();
  void prefetch_bytes(std::uint64_t address) const {
    if (const std::byte* bytes = memory_.at(address)) __builtin_prefetch(bytes);
  }

  void count(Outcome& outcome) const;
  void sum_up_leaders(Outcome& outcome);

  const Input& input_;
  const Blocks& blocks_;
  Memory memory_;
  Graph graph_;
  Pipeline pipeline_;
  Row<State> states_;
  // Each block gets into it once a walk at most: so it has room for all, and is but a row with two ends.
  Row<std::uint32_t> list_;
  std::size_t list_begin_ = 0;
  std::size_t list_end_ = 0;
  Row<std::uint32_t> leaders_;
  std::uint32_t leader_ = 0;  // Whose blocks are being looked for.
  bool crossed_ = false;      // One of them was another's before.
  std::uint64_t words_ = 0;
  std::uint64_t unreadable_ = 0;
};

}  // namespace sonde::leaks
