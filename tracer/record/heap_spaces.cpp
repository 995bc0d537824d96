// The part of HeapCapture that knows which address space a process has, and whose breakpoints are in it.
#include <algorithm>
#include <functional>
#include <utility>

#include "sonde/base/limits.hpp"
#include "sonde/memory/process_memory.hpp"
#include "sonde/record/heap_capture.hpp"

namespace sonde::record {

HeapCapture::Space* HeapCapture::space_of(pid_t pid) const {
  const auto found = spaces_.find(pid);
  return found == spaces_.end() ? nullptr : found->second.get();
}

void HeapCapture::is_to_watch(TaskId task) {
  auto& space = spaces_[task.pid];
  if (!space) space = std::make_shared<Space>(task.pid, table_);
  space->ignores_trap = ignores_trap(task.tid);
  space->awaits_stop = true;
  tell_memory(*space);
}

bool HeapCapture::is_to_be_watched(pid_t pid) const {
  const Space* space = space_of(pid);
  return space != nullptr && space->awaits_stop && space->owner == pid;
}

ptrace::WaitOutcome HeapCapture::watch(const Task& task, ptrace::Stop stop) {
  Space& space = *space_of(task.id.pid);
  const auto arrived = arrived_code(space, task.id);
  ptrace::WaitOutcome outcome = std::move(stop);
  const ptrace::Stop& held = std::get<ptrace::Stop>(outcome);
  // One that is stopped by job control is to stay so.
  if (held.kind() != ptrace::StopKind::group_stop && has_probes_for(space, task.id, arrived)) {
    outcome = give_trap_handler(task, std::move(std::get<ptrace::Stop>(outcome)));
    const auto* same = std::get_if<ptrace::Stop>(&outcome);
    if (same == nullptr || ptrace::ends_program(same->kind())) {
      space.code.clear();  // They are yet to come, for another task.
      return outcome;
    }
  }
  space.awaits_stop = false;
  place_probes(space, task.id, arrived);
  return outcome;
}

void HeapCapture::inherit(pid_t child, TaskId parent) {
  const auto found = spaces_.find(parent.pid);
  if (found == spaces_.end() || spaces_.contains(child)) return;
  if (memory::same_memory(child, parent.tid)) {
    spaces_.emplace(child, found->second);
  } else {
    take_over(child, *found->second);
  }
}

void HeapCapture::take_over(pid_t child, const Space& from) {
  auto copy = copy_of(from, child);
  if (copy) {
    spaces_.emplace(child, std::move(copy));
    const auto handler = trap_handlers_.find(from.owner);
    if (handler == trap_handlers_.end()) return;
    if (auto its = handler->second->copy_for(child)) trap_handlers_.emplace(child, std::move(its));
    return;
  }
  from.probes->clean(child);
  events_.note({child, child},
               "there are too many breakpoints already: nothing of this process's heap is known");
}

std::shared_ptr<HeapCapture::Space> HeapCapture::copy_of(const Space& from, pid_t owner) {
  auto probes = from.probes->copy_for(owner);
  if (!probes) return nullptr;
  auto copy = std::make_shared<Space>(owner, table_);
  copy->probes = std::move(probes);
  copy->code = from.code;
  copy->rooms = from.rooms;
  copy->pointers = from.pointers;
  copy->resolved = from.resolved;
  copy->awaits_stop = from.awaits_stop;
  copy->has_allocator = from.has_allocator;
  copy->is_32_bit = from.is_32_bit;
  copy->ignores_trap = from.ignores_trap;
  copy->is_forked = true;
  return copy;
}

// The memory of a child is its maker's at the moment of the fork. So it has all breakpoints that its maker
// had then, and no other process has more of them in the same places; a few may have been put into the
// maker's memory since. What another program happens to have there is another matter: most must be there.
// The largest are asked first: mostly the first has all, and then no other can have more.
std::optional<pid_t> HeapCapture::recognise(pid_t child) {
  if (spaces_.contains(child)) return std::nullopt;
  std::vector<const Space*> candidates;
  for (const auto& [pid, space] : spaces_) candidates.push_back(space.get());
  for (const auto& space : gone_) candidates.push_back(space.get());
  std::ranges::sort(candidates, std::greater(), [](const Space* space) { return space->probes->size(); });
  const Space* maker = nullptr;
  std::size_t most = 0;
  for (const Space* space : candidates) {
    if (space->probes->size() <= most) break;
    const std::size_t there = space->probes->count_in(child);
    if (there <= most || 2 * there <= space->probes->size()) continue;
    maker = space;
    most = there;
  }
  if (maker == nullptr) return std::nullopt;
  const pid_t pid = maker->owner;
  take_over(child, *maker);
  return pid;
}

// A process that ended at a fork, killed or by the exit of another thread, leaves a child that nobody has
// told of, and which has yet to stop for the first time. Nothing says whether there is one, nor when it
// comes; but it is about to, since it was ready to run before its maker had ended: what has ended last is
// kept.
void HeapCapture::remember(std::shared_ptr<Space> space) {
  if (space->probes->empty()) return;
  space->probes->hand_over(0);
  gone_probes_ += space->probes->size();
  gone_.push_back(std::move(space));
  while (gone_probes_ > limits::space_probes) {
    gone_probes_ -= gone_.front()->probes->size();
    gone_.pop_front();
  }
}

void HeapCapture::forget(pid_t pid) {
  trap_handlers_.erase(pid);
  const auto found = spaces_.find(pid);
  if (found == spaces_.end()) return;
  const Space& space = *found->second;
  if (!space.has_allocator && !space.is_32_bit && !space.awaits_stop && space.owner == pid) {
    events_.note({pid, pid},
                 "no function of an allocator was found in this process: nothing of its heap is known");
  }
  if (space.owner == pid) tell_unknown(space);
  auto kept = std::move(found->second);
  spaces_.erase(found);
  if (kept.use_count() == 1) return remember(std::move(kept));
  // A child of vfork may outlive its parent.
  for (const auto& [other, its] : spaces_) {
    if (its != kept || kept->owner != pid) continue;
    kept->owner = other;
    kept->probes->hand_over(other);
    break;
  }
}

bool HeapCapture::is_forked(pid_t pid) const {
  const Space* space = space_of(pid);
  return space != nullptr && space->is_forked;
}

bool HeapCapture::shares_memory(pid_t pid) const {
  const auto found = spaces_.find(pid);
  return found != spaces_.end() && found->second.use_count() > 1 && found->second->owner != pid;
}

std::vector<const probes::Patch*> HeapCapture::patches_of(pid_t pid) const {
  const Space* space = space_of(pid);
  return space == nullptr ? std::vector<const probes::Patch*>{} : space->probes->patches();
}

void HeapCapture::restore(pid_t pid) {
  Space* space = space_of(pid);
  if (space == nullptr) return;
  for (const probes::Patch* patch : space->probes->patches()) space->taken_out.insert(patch->address);
  space->probes->restore();
}

void HeapCapture::leave(pid_t pid) {
  restore(pid);
  spaces_.erase(pid);
}

void HeapCapture::restore_all() {
  for (const auto& [pid, space] : spaces_) {
    if (space->owner != pid) continue;
    tell_memory(*space);
    tell_unknown(*space);
    auto copy = copy_of(*space, pid);
    restore(pid);
    if (copy) remember(std::move(copy));
  }
}

}  // namespace sonde::record
