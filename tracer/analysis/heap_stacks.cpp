#include "sonde/analysis/heap_stacks.hpp"

#include "sonde/base/limits.hpp"

namespace sonde::analysis {

HeapStacks::HeapStacks() : nodes_(roots) {}

HeapStackId HeapStacks::intern(std::span<const event::FrameAddress> frames, event::StackEnd end) {
  HeapStackId id = 1 + static_cast<std::uint32_t>(end);
  for (std::size_t i = frames.size(); i-- > 0;) {
    const event::FrameAddress& frame = frames[i];
    const Node node{frame.address, id, frame.module << 1 | (frame.flags & event::frame_is_exact)};
    const std::uint32_t hash = hash_of(frame.address, std::uint64_t{id} << 32 | node.module_and_exact);
    const auto known = index_.find(hash, [&](std::uint32_t at) { return nodes_[at] == node; });
    if (known) {
      id = *known;
      continue;
    }
    if (nodes_.size() >= limits::heap_frames) {
      ++left_out_;
      return 0;
    }
    id = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back(node);
    index_.insert(hash, id);
  }
  return id;
}

std::vector<event::FrameAddress> HeapStacks::frames(HeapStackId id) const {
  std::vector<event::FrameAddress> frames;
  for (; id >= roots; id = nodes_[id].outer) {
    const Node& node = nodes_[id];
    frames.push_back({node.address, node.module(), node.module_and_exact & event::frame_is_exact});
  }
  return frames;
}

event::StackEnd HeapStacks::end(HeapStackId id) const {
  while (id >= roots) id = nodes_[id].outer;
  return id == 0 ? event::StackEnd::complete : static_cast<event::StackEnd>(id - 1);
}

}  // namespace sonde::analysis
