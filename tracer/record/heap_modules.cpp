// The part of HeapCapture that follows which modules a process has mapped.
#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "record/heap_tags.hpp"
#include "sonde/base/clock.hpp"
#include "sonde/record/heap_capture.hpp"
#include "sonde/record/heap_names.hpp"

namespace sonde::record {

namespace {

constexpr std::uint64_t room_at_once = 1024;  // Bytes that are looked for when there are none left.
constexpr std::uint64_t smallest_room = 7;    // A mark, a short instruction, and a jump.

}  // namespace

HeapPlan& HeapCapture::plan_of(const process::Module& module, TaskId task) {
  const auto [at, is_new] = plans_.try_emplace(module.id);
  if (!is_new) return at->second;
  const HeapNames names(module, task.pid, options_);
  at->second = plan_heap(*module.image, names.image(), code_, functions_);
  for (const std::string& function : at->second.left_out) {
    events_.note(task, fmt::format("{} of {} is not watched: where it ends could not be found", function,
                                   module.path));
  }
  return at->second;
}

std::vector<Address> HeapCapture::arrived_code(Space& space, TaskId task) {
  std::vector<Address> arrived;
  const process::AddressSpace* mapped = events_.look(task.pid, now());
  if (mapped == nullptr) return arrived;
  forget_unmapped(space, *mapped);
  for (std::uint32_t i = 0; i < mapped->code().size(); ++i) {
    const unwind::Module& code = mapped->code()[i];
    const process::Module* module = mapped->module(i);
    if (module == nullptr || !module->image || space.code.contains(code.begin)) continue;
    space.code.emplace(code.begin, Placed{code.end, code.bias, module});
    arrived.push_back(code.begin);
  }
  return arrived;
}

bool HeapCapture::has_probes_for(Space& space, TaskId task, std::span<const Address> arrived) {
  bool any = false;
  for (const Address begin : arrived) any |= !plan_of(*space.code.at(begin).module, task).probes.empty();
  return any;
}

// All pieces are known before: one of a module's may have the room for the breakpoints of another.
void HeapCapture::place_probes(Space& space, TaskId task, std::span<const Address> arrived) {
  for (const Address begin : arrived) place_probes(space, task, begin, space.code.at(begin));
  if (!arrived.empty()) look_for_chosen(space, task);
}

void HeapCapture::place(Space& space, TaskId task) { place_probes(space, task, arrived_code(space, task)); }

const HeapCapture::Placed* HeapCapture::placed_at(const Space& space, Address address) {
  const auto above = space.code.upper_bound(address);
  if (above == space.code.begin()) return nullptr;
  const Placed& placed = std::prev(above)->second;
  return address < placed.end ? &placed : nullptr;
}

void HeapCapture::forget_unmapped(Space& space, const process::AddressSpace& mapped) {
  const auto still_there = [&](Address begin, const Placed& placed) {
    for (std::uint32_t i = 0; i < mapped.code().size(); ++i) {
      const unwind::Module& code = mapped.code()[i];
      if (code.begin == begin) return code.end == placed.end && mapped.module(i) == placed.module;
    }
    return false;
  };
  std::erase_if(space.code, [&](const auto& entry) {
    if (still_there(entry.first, entry.second)) return false;
    space.probes->remove(entry.first, entry.second.end);
    std::erase_if(space.resolved, [&](std::uint64_t resolver) {
      return resolver >= entry.first.value && resolver < entry.second.end.value;
    });
    space.rooms.erase({entry.second.module, entry.second.bias});
    return true;
  });
}

void HeapCapture::place_probes(Space& space, TaskId task, Address begin, const Placed& placed) {
  const HeapPlan& plan = plan_of(*placed.module, task);
  if (plan.is_32_bit && !std::exchange(space.is_32_bit, true))
    events_.note(task, "this is a 32-bit program: nothing of its heap is known");
  std::size_t refused = 0;
  for (const PlannedProbe& probe : plan.probes) {
    const Address at{probe.address + placed.bias};
    if (at >= begin && at < placed.end && !put(space, placed, probe)) ++refused;
  }
  space.has_allocator |= plan.has_allocator;
  if (refused != 0) {
    events_.note(
        task, fmt::format("{} of {} places in {} are not watched: there is no room near them, or other code "
                          "than the file has",
                          refused, plan.probes.size(), placed.module->path));
  }
}

bool HeapCapture::put(Space& space, const Placed& in, const PlannedProbe& probe) {
  const Address at{probe.address + in.bias};
  probes::Tag tag = tag_of(probe.role, probe.function, probe.leaves_by_jump, probe.kind_unknown);
  if (probe.is_jump) tag |= jumps_at_once;
  if (probe.through != 0) space.pointers.insert_or_assign(at.value, Address{probe.through + in.bias});
  return put(space, in, at, tag);
}

bool HeapCapture::put(Space& space, const Placed& in, Address at, probes::Tag tag) {
  Room& room = space.rooms[{in.module, in.bias}];
  std::erase_if(room.areas,
                [](const auto& area) { return area.end.value - area.begin.value < smallest_room; });
  const Bytes code = in.module->image->loaded_at(at.value - in.bias);
  return space.probes->insert(code_, at, code, tag, room.areas, [&] { return widen(space, room, in); });
}

bool HeapCapture::widen(const Space& space, Room& room, const Placed& in) {
  SlotGaps& gaps = plans_.at(in.module->id).gaps;
  if (room.known == gaps.found().size() && !gaps.find(*in.module->image, code_, room_at_once)) return false;
  for (; room.known < gaps.found().size(); ++room.known) {
    const SlotGaps::Gap& gap = gaps.found()[room.known];
    const probes::SlotArea area{{gap.begin + in.bias}, {gap.end + in.bias}};
    const auto above = space.code.upper_bound(area.begin);
    if (above == space.code.begin()) continue;
    const Placed& there = std::prev(above)->second;
    if (there.module == in.module && there.bias == in.bias && area.end <= there.end)
      room.areas.push_back(area);
  }
  return true;
}

}  // namespace sonde::record
