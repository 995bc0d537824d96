// The part of HeapCapture that follows which modules a process has mapped.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "record/heap_tags.hpp"
#include "sonde/base/clock.hpp"
#include "sonde/record/heap_capture.hpp"

namespace sonde::record {

const HeapPlan& HeapCapture::plan_of(const process::Module& module, TaskId task) {
  const auto [at, is_new] = plans_.try_emplace(module.id);
  if (!is_new) return at->second;
  at->second = plan_heap(*module.image, code_, functions_);
  for (const std::string& function : at->second.left_out) {
    events_.note(task, fmt::format("{} of {} is not watched: where it ends could not be found", function,
                                   module.path));
  }
  return at->second;
}

void HeapCapture::place(Space& space, TaskId task) {
  const process::AddressSpace* mapped = events_.look(task.pid, now());
  if (mapped == nullptr) return;
  const auto still_there = [&](Address begin, const Placed& placed) {
    for (std::uint32_t i = 0; i < mapped->code().size(); ++i) {
      const unwind::Module& code = mapped->code()[i];
      if (code.begin == begin) return code.end == placed.end && mapped->module(i) == placed.module;
    }
    return false;
  };
  std::erase_if(space.code, [&](const auto& entry) {
    if (still_there(entry.first, entry.second)) return false;
    space.probes->remove(entry.first, entry.second.end);
    return true;
  });
  for (std::uint32_t i = 0; i < mapped->code().size(); ++i) {
    const process::Module* module = mapped->module(i);
    if (module == nullptr || !module->image || space.code.contains(mapped->code()[i].begin)) continue;
    place_module(space, task, mapped->code()[i], *module);
  }
}

void HeapCapture::place_module(Space& space, TaskId task, const unwind::Module& code,
                               const process::Module& module) {
  const HeapPlan& plan = plan_of(module, task);
  if (plan.is_32_bit && !std::exchange(space.is_32_bit, true))
    events_.note(task, "this is a 32-bit program: nothing of its heap is known");
  Placed placed{code.end, code.bias, &module, {}};
  for (const HeapPlan::Gap& gap : plan.gaps) {
    const probes::SlotArea area{{gap.begin + code.bias}, {gap.end + code.bias}};
    if (area.begin >= code.begin && area.end <= code.end) placed.gaps.push_back(area);
  }
  std::size_t refused = 0;
  for (const PlannedProbe& probe : plan.probes) {
    const Address at{probe.address + code.bias};
    if (at < code.begin || at >= code.end) continue;
    probes::Tag tag = tag_of(probe.role, probe.function, probe.leaves_by_jump, probe.kind_unknown);
    if (probe.is_jump) tag |= jumps_at_once;
    if (probe.through != 0) space.pointers.insert_or_assign(at.value, Address{probe.through + code.bias});
    if (!space.probes->insert(code_, at, module.image->loaded_at(probe.address), tag, placed.gaps)) ++refused;
  }
  space.has_allocator |= plan.has_allocator;
  space.code.insert_or_assign(code.begin, placed);
  if (refused != 0) {
    events_.note(
        task, fmt::format("{} of {} places in {} are not watched: there is no room near them, or other code "
                          "than the file has",
                          refused, plan.probes.size(), module.path));
  }
}

}  // namespace sonde::record
