// The stacks that a heap's calls have, each once, for as long as the analysis lives: those of the event
// stream are forgotten after a while (event::StackFrame).
#pragma once

#include <cstdint>
#include <vector>

#include "sonde/analysis/slot_index.hpp"
#include "sonde/event/event.hpp"

namespace sonde::analysis {

// A stack by its innermost frame, in a tree of calls: outer frames that stacks have in common are kept once.
// Equal stacks have equal ids; 0: none is known.
using HeapStackId = std::uint32_t;

class HeapStacks {
 public:
  HeapStacks();

  // 0 when there is no room for it (limits::heap_frames).
  HeapStackId intern(std::span<const event::FrameAddress> frames, event::StackEnd end);

  // Innermost first.
  std::vector<event::FrameAddress> frames(HeapStackId id) const;
  event::StackEnd end(HeapStackId id) const;

  // Whether `is(module)` holds of each frame's module, and there is a frame.
  template <typename Is>
  bool all_in(HeapStackId id, Is is) const {
    if (id < roots) return false;
    for (; id >= roots; id = nodes_[id].outer) {
      if (!is(nodes_[id].module())) return false;
    }
    return true;
  }

  std::uint64_t left_out() const { return left_out_; }

 private:
  struct Node {
    std::uint64_t address;
    std::uint32_t outer;
    std::uint32_t module_and_exact;  // Twice the module, and frame_is_exact.

    std::uint32_t module() const { return module_and_exact >> 1; }
    bool operator==(const Node&) const = default;
  };
  // The first nodes are no frames: nothing, and the ends that a stack can have.
  static constexpr std::uint32_t roots = 2 + static_cast<std::uint32_t>(event::StackEnd::bad_cfa);

  SlotIndex index_;
  std::vector<Node> nodes_;
  std::uint64_t left_out_ = 0;
};

}  // namespace sonde::analysis
