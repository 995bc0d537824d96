// What the keeper does when the tracer was killed.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sonde/probes/probe_set.hpp"
#include "sonde/probes/settle.hpp"
#include "sonde/ptrace/requests.hpp"

namespace sonde::probes {

namespace {

constexpr Nanoseconds patience_ns = 500'000'000;  // For tasks that do not stop: uninterruptible sleep.

using Patches = std::vector<const Patch*>;

std::vector<pid_t> tasks_of(pid_t pid) {
  std::vector<pid_t> found;
  std::error_code failed;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", failed)) {
    found.push_back(static_cast<pid_t>(std::atoi(entry.path().filename().c_str())));
  }
  return found;
}

// Every task, stopped: a task that is seized brings those that it makes with it. Those that do not stop sleep
// in the kernel, where no breakpoint is.
std::vector<ptrace::Stop> stop_all(pid_t pid) {
  std::set<pid_t> seized;
  for (bool changed = true; changed;) {
    changed = false;
    for (const pid_t tid : tasks_of(pid)) {
      if (seized.contains(tid) || !ptrace::seize(tid, {.children = false})) continue;
      ptrace::interrupt(tid);
      changed = seized.insert(tid).second;
    }
  }
  std::vector<ptrace::Stop> stops;
  for (auto& outcome : ptrace::wait_for_all({seized.begin(), seized.end()}, patience_ns)) {
    if (auto* stop = std::get_if<ptrace::Stop>(&outcome)) stops.push_back(std::move(*stop));
  }
  return stops;
}

void let_go(pid_t pid, const Patches& patches) {
  std::vector<std::pair<ptrace::Stop, int>> settled;
  for (auto& stop : stop_all(pid)) {
    auto [outcome, signal] = settle(std::move(stop), patches);
    if (auto* held = std::get_if<ptrace::Stop>(&outcome)) settled.emplace_back(std::move(*held), signal);
  }
  const Text text(pid);
  for (const Patch* patch : patches) clear_slot(text, *patch);
  for (auto& [stop, signal] : settled) std::move(stop).detach(signal);
}

}  // namespace

int recover(const PatchTable& table) {
  std::map<pid_t, Patches> processes;
  for (const Patch& patch : table.rows()) {
    if (const pid_t pid = patch.pid.load(std::memory_order_acquire)) processes[pid].push_back(&patch);
  }
  // First the text: each moment that it stays as it is may cost a task its life.
  for (auto& [pid, patches] : processes) {
    const Text text(pid);
    std::erase_if(patches, [&](const Patch* patch) { return !restore_text(text, *patch); });
  }
  int recovered = 0;
  for (const auto& [pid, patches] : processes) {
    if (patches.empty()) continue;
    let_go(pid, patches);
    ++recovered;
  }
  return recovered;
}

}  // namespace sonde::probes
