// What the keeper does when the tracer was killed.
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sonde/probes/probe_set.hpp"
#include "sonde/probes/settle.hpp"
#include "sonde/probes/trap_handler.hpp"
#include "sonde/ptrace/remote_call.hpp"
#include "sonde/ptrace/requests.hpp"

namespace sonde::probes {

namespace {

constexpr Nanoseconds patience_ns = 500'000'000;  // For tasks that do not stop: uninterruptible sleep.

using Patches = std::vector<const Patch*>;

// What a process has in its memory.
struct Left {
  Patches patches;
  HandlerRow* handler = nullptr;
};

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

// A task that was making a call for the tracer waits behind that.
void give_back(const HandlerRow& row, const ptrace::Stop& stop) {
  Address pc;
  if (row.calling.tid.load(std::memory_order_acquire) == stop.tid() && ptrace::peek_pc(stop.tid(), pc) &&
      runs_handler(row, pc))
    ptrace::put_back(stop, row.calling);
}

// A task in the handler leaves it within a few instructions; nothing in there sleeps.
ptrace::WaitOutcome out_of_handler(const HandlerRow& row, ptrace::Stop stop) {
  constexpr int attempts = 1000;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const pid_t tid = stop.tid();
    Address pc;
    if (!ptrace::peek_pc(tid, pc) || !runs_handler(row, pc)) break;
    if (!std::move(stop).resume(ptrace::Run::freely, 0)) return ptrace::Nothing{};
    // Asked at once, it would stop before its next instruction.
    const timespec moment{0, 20'000};
    ::nanosleep(&moment, nullptr);
    ptrace::interrupt(tid);
    auto outcome = ptrace::await(tid);
    auto* next = std::get_if<ptrace::Stop>(&outcome);
    if (next == nullptr) return outcome;
    stop = std::move(*next);
  }
  return stop;
}

// The tasks of a process, each where it would be without breakpoints, and what to let it go with.
std::vector<Settled> settle_all(pid_t pid, const Left& left) {
  std::vector<Settled> settled;
  for (auto& one : stop_all(pid)) {
    ptrace::WaitOutcome outcome = std::move(one);
    if (left.handler != nullptr) {
      give_back(*left.handler, std::get<ptrace::Stop>(outcome));
      outcome = out_of_handler(*left.handler, std::move(std::get<ptrace::Stop>(outcome)));
    }
    if (auto* stop = std::get_if<ptrace::Stop>(&outcome))
      settled.push_back(settle(std::move(*stop), left.patches));
  }
  return settled;
}

void let_go(pid_t pid, const Left& left) {
  auto settled = settle_all(pid, left);
  const Text text(pid);
  for (const Patch* patch : left.patches) clear_slot(text, *patch);
  bool has_handler = left.handler != nullptr;
  for (auto& [outcome, signal] : settled) {
    const auto* stop = std::get_if<ptrace::Stop>(&outcome);
    if (stop == nullptr || !has_handler || !ptrace::can_call(stop->kind())) continue;
    outcome = take_out(*left.handler, std::move(std::get<ptrace::Stop>(outcome)));
    has_handler = false;
  }
  for (auto& [outcome, signal] : settled) {
    if (auto* stop = std::get_if<ptrace::Stop>(&outcome)) std::move(*stop).detach(signal);
  }
}

}  // namespace

int recover(const PatchTable& table) {
  std::map<pid_t, Left> processes;
  for (const Patch& patch : table.rows()) {
    if (const pid_t pid = patch.pid.load(std::memory_order_acquire)) processes[pid].patches.push_back(&patch);
  }
  for (HandlerRow& row : table.handlers()) {
    if (const pid_t pid = row.pid.load(std::memory_order_acquire)) processes[pid].handler = &row;
  }
  // First the text: each moment that it stays as it is may cost a task its life.
  for (auto& [pid, left] : processes) {
    const Text text(pid);
    std::erase_if(left.patches, [&](const Patch* patch) { return !restore_text(text, *patch); });
  }
  int recovered = 0;
  for (const auto& [pid, left] : processes) {
    if (left.patches.empty() && left.handler == nullptr) continue;
    let_go(pid, left);
    ++recovered;
  }
  return recovered;
}

}  // namespace sonde::probes
