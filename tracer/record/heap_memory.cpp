// The part of HeapCapture that tells how much memory processes have, beside what their allocators hand out.
#include <algorithm>

#include "sonde/base/clock.hpp"
#include "sonde/record/heap_capture.hpp"

namespace sonde::record {

namespace {

constexpr Nanoseconds soon = 5'000'000;
constexpr Nanoseconds later = 100'000'000;
constexpr Nanoseconds times_the_cost = 100;  // Of a look at all of many processes.

}  // namespace

void HeapCapture::tell_memory(Space& space) {
  const Nanoseconds time = now();
  const auto use = process::memory_use(proc_, space.owner);
  space.memory.looked(time, now() - time);
  if (use && space.memory.is_news(*use)) {
    events_.memory_use(space.owner, time, {use->resident, use->anonymous, use->brk, use->mapped});
  }
  if (!memory_timer_.armed()) memory_timer_.ring_in(soon);
}

void HeapCapture::tell_last_memory(TaskId task) {
  Space* space = space_of(task.pid);
  const auto use = space == nullptr ? std::nullopt : process::memory_use(proc_, task.tid);
  if (!use || !space->memory.is_news(*use)) return;
  events_.memory_use(space->owner, now(), {use->resident, use->anonymous, use->brk, use->mapped});
}

void HeapCapture::tell_memory() {
  if (!MemoryTimer::rang() || events_.muted()) return;
  const Nanoseconds time = now();
  Nanoseconds next = time + later;
  for (const auto& [pid, space] : spaces_) {
    if (space->owner != pid) continue;
    if (space->memory.due(time)) tell_memory(*space);
    next = std::min(next, space->memory.next());
  }
  const Nanoseconds done = now();
  memory_timer_.ring_in(std::max({soon, times_the_cost * (done - time), next < done ? 0 : next - done}));
}

}  // namespace sonde::record
