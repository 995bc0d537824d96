#include "sonde/record/heap_calls.hpp"

#include <algorithm>

namespace sonde::record {

namespace {

// A stack that is further away than this is another one: an alternate signal stack, a coroutine's.
constexpr std::uint64_t stack_reach = 8 << 20;

// What the kernel puts between the stack pointer of interrupted code and that of the handler, at least: the
// red zone, the ucontext with its siginfo, and the legacy state of the FPU (asm/sigframe.h of the kernel).
constexpr std::uint64_t signal_frame = 128 + 440 + 512;

bool same_stack(std::uint64_t a, std::uint64_t b) { return (a > b ? a - b : b - a) < stack_reach; }

}  // namespace

// Calls whose frames lie below the new one have been left: by an exception, a longjmp, or unseen.
void HeapCalls::drop_left(std::uint64_t stack_pointer, const HeapEntry& next) {
  while (depth_ != 0) {
    const Call& last = calls_[depth_ - 1];
    const std::uint64_t its = last.entry.stack_pointer;
    if (!same_stack(its, stack_pointer)) return;
    // At the same place there is only one that has jumped to this one; but none jumps to itself and stays in.
    const bool left = last.is_signal ? stack_pointer + signal_frame > its
                                     : its < stack_pointer ||
                                           (its == stack_pointer && (!last.entry.leaves_by_jump ||
                                                                     last.entry.function == next.function));
    if (!left) return;
    // A signal's handler may run on a stack that lies above: what was interrupted goes on.
    if (last.is_signal && stack_pointer > its) return;
    --depth_;
  }
}

void HeapCalls::push(const Call& call) {
  if (depth_ == calls_.size()) {
    std::move(calls_.begin() + 1, calls_.end(), calls_.begin());
    --depth_;
    ++forgotten_;
  }
  calls_[depth_++] = call;
}

bool HeapCalls::is_by_program(const HeapEntry& entry) {
  drop_left(entry.stack_pointer, entry);
  return depth_ == 0 || calls_[depth_ - 1].is_signal ||
         !same_stack(calls_[depth_ - 1].entry.stack_pointer, entry.stack_pointer);
}

bool HeapCalls::enter(const HeapEntry& entry) {
  const bool by_program = is_by_program(entry);
  push({entry, by_program, false});
  return by_program;
}

std::optional<HeapEntry> HeapCalls::leave(std::uint64_t stack_pointer) {
  std::size_t at = depth_;
  while (at != 0 && (calls_[at - 1].is_signal || calls_[at - 1].entry.stack_pointer != stack_pointer)) --at;
  if (at == 0) return std::nullopt;
  // One that has jumped to this one ends with it.
  while (at > 1 && !calls_[at - 2].is_signal && calls_[at - 2].entry.stack_pointer == stack_pointer) --at;
  const Call ended = calls_[at - 1];
  depth_ = at - 1;
  if (!ended.by_program) return std::nullopt;
  return ended.entry;
}

std::optional<HeapEntry> HeapCalls::come_back(std::uint64_t stack_pointer) {
  const std::uint64_t at_entry = stack_pointer - sizeof(std::uint64_t);
  const bool jumped = std::any_of(
      calls_.begin(), calls_.begin() + static_cast<std::ptrdiff_t>(depth_), [&](const Call& call) {
        return !call.is_signal && call.entry.leaves_by_jump && call.entry.stack_pointer == at_entry;
      });
  return jumped ? leave(at_entry) : std::nullopt;
}

bool HeapCalls::has(std::uint64_t stack_pointer) const {
  const auto end = calls_.begin() + static_cast<std::ptrdiff_t>(depth_);
  return std::any_of(calls_.begin(), end, [&](const Call& call) {
    return !call.is_signal && call.entry.stack_pointer == stack_pointer;
  });
}

HeapEntry* HeapCalls::innermost(std::uint64_t stack_pointer) {
  if (depth_ == 0 || calls_[depth_ - 1].is_signal) return nullptr;
  HeapEntry& last = calls_[depth_ - 1].entry;
  return last.stack_pointer == stack_pointer ? &last : nullptr;
}

void HeapCalls::interrupt(std::uint64_t stack_pointer) {
  if (depth_ == 0) return;
  push({{.stack_pointer = stack_pointer}, false, true});
}

}  // namespace sonde::record
