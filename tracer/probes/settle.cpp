#include "sonde/probes/settle.hpp"

#include <algorithm>
#include <csignal>
#include <utility>
#include <variant>

#include "sonde/probes/probe_set.hpp"
#include "sonde/ptrace/requests.hpp"

namespace sonde::probes {

namespace {

using ptrace::Stop;
using ptrace::StopKind;
using Patches = std::span<const Patch* const>;

bool stands_behind(Patches patches, Address pc) {
  return std::any_of(patches.begin(), patches.end(),
                     [&](const Patch* patch) { return patch->address + 1 == pc.value; });
}

bool is_int3(const Stop& stop) {
  if (stop.kind() != StopKind::signal || stop.signal() != SIGTRAP) return false;
  const auto info = ptrace::signal_info(stop.tid());
  return info && ptrace::is_int3(*info);
}

}  // namespace

Settled settle(Stop stop, Patches patches) {
  const pid_t tid = stop.tid();
  Address pc;
  if (!ptrace::peek_pc(tid, pc)) return {std::move(stop), 0};
  if (stands_behind(patches, pc)) {
    if (is_int3(stop)) {
      ptrace::poke_pc(tid, {pc.value - 1});
      return {std::move(stop), 0};
    }
    // The kernel reports a trap before every other signal, and a stop that was asked for before that: here no
    // signal is in hand.
    if (stop.kind() != StopKind::signal && ptrace::trap_waits(tid)) {
      if (!std::move(stop).resume(ptrace::Run::freely, 0)) return {ptrace::Nothing{}, 0};
      auto outcome = ptrace::await(tid);
      if (auto* next = std::get_if<Stop>(&outcome)) return settle(std::move(*next), patches);
      return {std::move(outcome), 0};
    }
  }
  for (const Patch* patch : patches) {
    if (const auto outside = outside_slot(*patch, pc)) {
      ptrace::poke_pc(tid, *outside);
      break;
    }
  }
  const int signal = stop.signal_in_hand();
  return {std::move(stop), signal};
}

}  // namespace sonde::probes
