#include "sonde/probes/settle.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <utility>
#include <variant>

#include "sonde/probes/probe_set.hpp"
#include "sonde/ptrace/requests.hpp"

namespace sonde::probes {

namespace {

using ptrace::Stop;
using ptrace::StopKind;
using ptrace::WaitOutcome;
using Patches = std::span<const Patch* const>;

const Patch* patch_behind(Patches patches, Address pc) {
  const auto found =
      std::ranges::find_if(patches, [&](const Patch* patch) { return patch->address + 1 == pc.value; });
  return found == patches.end() ? nullptr : *found;
}

std::optional<Address> outside_slots(Patches patches, Address pc) {
  for (const Patch* patch : patches) {
    if (const auto outside = outside_slot(*patch, pc)) return outside;
  }
  return std::nullopt;
}

bool is_int3(const Stop& stop) {
  if (stop.kind() != StopKind::signal || stop.signal() != SIGTRAP) return false;
  const auto info = ptrace::signal_info(stop.tid());
  return info && ptrace::is_int3(*info);
}

// Whose SIGTRAP is told of next: the kernel reports a trap before every other signal, and a stop that was
// asked for before that, at which no signal is in hand.
bool is_yet_to_trap(const Stop& stop) {
  return stop.kind() != StopKind::signal && ptrace::trap_waits(stop.tid());
}

// A stop is over for the kernel once it was taken, and a task whose tracer dies then goes on behind its
// breakpoint; before that, it goes back one byte, unless it was sent to a slot. So it is sent there, and then
// taken.
WaitOutcome swallow(Stop stop, const Patch* behind) {
  if (behind != nullptr) ptrace::poke_pc(stop.tid(), resumes_at(*behind));
  return ptrace::take(std::move(stop));
}

}  // namespace

Settled settle(Stop stop, Patches patches) {
  const pid_t tid = stop.tid();
  Address pc;
  if (!ptrace::peek_pc(tid, pc)) return {std::move(stop), 0};
  const Patch* behind = patch_behind(patches, pc);
  bool swallowed = false;
  if (behind != nullptr || outside_slots(patches, pc)) {
    if (is_yet_to_trap(stop)) {
      if (!std::move(stop).resume(ptrace::Run::freely, 0)) return {ptrace::Nothing{}, 0};
      auto outcome = ptrace::await(tid);
      if (auto* next = std::get_if<Stop>(&outcome)) return settle(std::move(*next), patches);
      return {std::move(outcome), 0};
    }
    if (is_int3(stop)) {
      auto taken = swallow(std::move(stop), behind);
      auto* same = std::get_if<Stop>(&taken);
      if (same == nullptr || ptrace::ends_program(same->kind())) return {std::move(taken), 0};
      stop = std::move(*same);
      swallowed = true;
    }
  }
  if (!ptrace::peek_pc(tid, pc)) return {std::move(stop), 0};
  if (const auto outside = outside_slots(patches, pc)) ptrace::poke_pc(tid, *outside);
  const int signal = swallowed ? 0 : stop.signal_in_hand();
  return {std::move(stop), signal};
}

}  // namespace sonde::probes
