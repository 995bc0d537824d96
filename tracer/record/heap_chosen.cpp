// The part of HeapCapture that finds functions which are chosen at run time (STT_GNU_IFUNC): their symbol is
// a resolver, which the loader, or the start of a static program, calls for the function's address. Nobody
// else calls it for sonde. Where it returns there is a breakpoint; what it returned before is where
// relocations have stored it.
#include <algorithm>
#include <elf.h>

#include <fmt/format.h>

#include "record/heap_tags.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/memory/process_memory.hpp"
#include "sonde/record/heap_capture.hpp"

namespace sonde::record {

namespace {

// Stubs of the procedure linkage table: where a slot leads before its function has been chosen.
bool is_linkage(const elf::Image& image, std::uint64_t address) {
  return std::ranges::any_of(image.sections(), [&](const elf::Section& section) {
    return (section.name.starts_with(".plt") || section.name == ".iplt") &&
           address - section.address < section.size;
  });
}

// Whether the loader stores there what the resolver returns (psABI, "Relocation Types").
bool is_slot_of(const elf::Relocation& relocation, bool same_module, std::uint64_t resolver,
                std::string_view symbol) {
  switch (relocation.type) {
    case R_X86_64_IRELATIVE:
      return same_module && relocation.addend == resolver;
    case R_X86_64_JUMP_SLOT:
    case R_X86_64_GLOB_DAT:
    case R_X86_64_64:
      return relocation.addend == 0 && relocation.symbol == symbol;
    default:
      return false;
  }
}

}  // namespace

void HeapCapture::look_for_chosen(Space& space, TaskId task) {
  // Breakpoints are put in meanwhile, but no module comes or goes.
  for (const auto& [begin, placed] : space.code) {
    for (const ChosenFunction& chosen : plans_.at(placed.module->id).chosen) {
      const Address resolver{chosen.resolver + placed.bias};
      if (resolver < begin || resolver >= placed.end || space.resolved.contains(resolver.value)) continue;
      const auto before = chosen_before(space, placed, chosen);
      if (!before) continue;
      space.resolved.insert(resolver.value);
      watch_chosen(space, task, chosen.function, *before);
    }
  }
}

// Where a resolver's return is seen, what it has never returned was never called.
void HeapCapture::tell_unknown(const Space& space) {
  const TaskId task{space.owner, space.owner};
  for (const auto& [begin, placed] : space.code) {
    for (const ChosenFunction& chosen : plans_.at(placed.module->id).chosen) {
      const Address resolver{chosen.resolver + placed.bias};
      if (resolver < begin || resolver >= placed.end || chosen.seen ||
          space.resolved.contains(resolver.value))
        continue;
      events_.note(
          task, fmt::format("{} of {} is not watched: it is chosen at run time, and what is chosen was not "
                            "found",
                            functions_[chosen.function].symbol, placed.module->path));
    }
  }
}

// The first slot that has an address in the same module, as resolvers give: others may be another function's.
std::optional<Address> HeapCapture::chosen_before(const Space& space, const Placed& by,
                                                  const ChosenFunction& chosen) {
  std::optional<Address> found;
  const std::string& symbol = functions_[chosen.function].symbol;
  const memory::ProcessMemory memory(space.owner);
  for (const auto& entry : space.code) {
    const Placed& placed = entry.second;
    const bool same = placed.module == by.module && placed.bias == by.bias;
    placed.module->image->each_relocation([&](const elf::Relocation& relocation) {
      if (found || !is_slot_of(relocation, same, chosen.resolver, symbol)) return;
      Address value;
      const Address slot{relocation.place + placed.bias};
      if (memory.read(slot, std::as_writable_bytes(std::span(&value.value, 1))) != sizeof value) return;
      const Placed* leads_to = placed_at(space, value);
      const std::uint64_t in_file = value.value - by.bias;
      if (leads_to == nullptr || leads_to->module != by.module || leads_to->bias != by.bias) return;
      if (in_file != chosen.resolver && !is_linkage(*by.module->image, in_file)) found = value;
    });
    if (found) break;
  }
  return found;
}

void HeapCapture::watch_chosen(Space& space, TaskId task, HeapFunctions::Id function, Address chosen) {
  const probes::Probe* there = space.probes->at(chosen);
  if (there != nullptr && role_of(there->tag) == ProbeRole::entry) return;
  const Placed* placed = placed_at(space, chosen);
  bool good = placed != nullptr && there == nullptr && space.probes->size() < limits::space_probes;
  if (good) {
    const auto probes = plan_chosen(*placed->module->image, plans_.at(placed->module->id), code_, functions_,
                                    function, chosen.value - placed->bias);
    good = !probes.empty() && std::ranges::all_of(probes, [&](const PlannedProbe& probe) {
      const Address at{probe.address + placed->bias};
      return space.probes->at(at) != nullptr || put(space, *placed, probe);
    });
  }
  space.has_allocator |= good;
  // Said once of each.
  if (good || space.resolved.size() >= limits::module_probes || !space.resolved.insert(chosen.value).second)
    return;
  events_.note(
      task, fmt::format("{}, chosen at run time, is not watched: where it ends could not be found, or there "
                        "is no room near it",
                        functions_[function].symbol));
}

}  // namespace sonde::record
