#include "sonde/record/stack_capture.hpp"

#include <algorithm>
#include <cstring>

namespace sonde::record {

namespace {

constexpr std::size_t table_slots = 2 * limits::stack_generation;
constexpr std::size_t arena_frames = 16 * limits::stack_generation;

// Stacks are many and alike; all that matters is that each word changes all bits (the finaliser of
// MurmurHash3).
std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  hash ^= word;
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdU;
  hash ^= hash >> 33;
  return hash * 0xc4ceb9fe1a85ec53U;
}

std::uint64_t hash_of(const WalkedStack& stack) {
  std::uint64_t hash = static_cast<std::uint64_t>(stack.end) + 1;
  for (const auto& frame : stack.frames) {
    hash = mix(hash, frame.address);
    hash = mix(hash, std::uint64_t{frame.module} << 32 | frame.flags);
  }
  return hash;
}

}  // namespace

StackCapture::StackCapture(RingWriter& ring, bool redact_paths)
    : ring_(ring), redact_paths_(redact_paths), announced_(limits::modules + 1), table_(table_slots) {
  arena_.reserve(arena_frames);
}

std::uint32_t StackCapture::take(TaskId task, Nanoseconds time) {
  return write(walker_.walk(task, time), task, time);
}

std::uint32_t StackCapture::take(TaskId task, const ptrace::SyscallEntry& entry, Nanoseconds time) {
  return write(walker_.walk(task, entry, time), task, time);
}

std::uint32_t StackCapture::take_of_caller(TaskId task, const arch::Registers& registers, Nanoseconds time) {
  WalkedStack stack = walker_.walk(task, registers, time);
  if (stack.frames.size() < 2) return 0;
  stack.frames = stack.frames.subspan(1);
  stack.modules = stack.modules.subspan(1);
  return write(stack, task, time);
}

std::uint32_t StackCapture::write(const WalkedStack& stack, TaskId task, Nanoseconds time) {
  if (stack.frames.empty()) return 0;
  for (const process::Module* module : stack.modules) {
    if (module != nullptr && !announced_[module->id] && !announce_module(*module, task, time)) return 0;
  }
  return intern(stack, task, time);
}

bool StackCapture::announce_module(const process::Module& module, TaskId task, Nanoseconds time) {
  event::ModuleFrame fixed{module.id, 0, {}};
  const Bytes build_id = module.build_id();
  const std::size_t size = std::min(build_id.size(), sizeof fixed.build_id);
  fixed.build_id_size = static_cast<std::uint32_t>(size);
  if (size != 0) std::memcpy(fixed.build_id, build_id.data(), size);
  std::string_view path = module.path;
  if (redact_paths_) path.remove_prefix(path.rfind('/') + 1);
  FrameBuffer& frame = ring_.frame();
  frame.begin(event::FrameType::module, task, time);
  frame.put(fixed);
  frame.text(path);
  return announced_[module.id] = ring_.post();
}

bool StackCapture::is(const Known& known, std::uint64_t hash, const WalkedStack& stack) const {
  return known.hash == hash && known.end == stack.end && known.count == stack.frames.size() &&
         std::memcmp(arena_.data() + known.first, stack.frames.data(), stack.frames.size_bytes()) == 0;
}

std::uint32_t StackCapture::intern(const WalkedStack& stack, TaskId task, Nanoseconds time) {
  if (in_generation_ == limits::stack_generation || arena_.size() + stack.frames.size() > arena_frames) {
    start_generation();
  }
  const std::uint64_t hash = hash_of(stack);
  std::size_t slot = hash % table_slots;
  for (; table_[slot].id != 0; slot = (slot + 1) % table_slots) {
    if (is(table_[slot], hash, stack)) return table_[slot].id;
  }
  const auto count = static_cast<std::uint32_t>(stack.frames.size());
  FrameBuffer& frame = ring_.frame();
  frame.begin(event::FrameType::stack, task, time);
  frame.put(
      event::StackFrame{last_id_ + 1, count, stack.end, generation_starts_ ? event::stack_generation : 0});
  for (const auto& address : stack.frames) frame.put(address);
  if (!ring_.post()) return 0;
  generation_starts_ = false;
  table_[slot] = {hash, static_cast<std::uint32_t>(arena_.size()), count, ++last_id_, stack.end};
  arena_.insert(arena_.end(), stack.frames.begin(), stack.frames.end());
  ++in_generation_;
  return last_id_;
}

void StackCapture::start_generation() {
  std::fill(table_.begin(), table_.end(), Known{});
  arena_.clear();
  in_generation_ = 0;
  generation_starts_ = true;
}

}  // namespace sonde::record
