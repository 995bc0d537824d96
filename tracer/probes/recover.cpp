// What the keeper does when the tracer was killed.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
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
constexpr ptrace::Options as_traced{.children = false};
constexpr int most_tries = 60;  // Where a task only waits for a CPU.

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

// All tasks, stopped, but for some that sleep in the kernel.
struct Stopped {
  std::vector<ptrace::Stop> stops;
  bool all = true;  // Those that are missing run nothing of the program's.
};

// A task that is seized brings those that it makes with it. Those that do not stop sleep in the kernel, where
// no breakpoint is, or wait for a CPU, on a machine that has much to do or is told to give them little.
Stopped stop_all(pid_t pid, std::vector<ptrace::Ended>& ends) {
  std::set<pid_t> seized;
  for (bool changed = true; changed;) {
    changed = false;
    for (const pid_t tid : tasks_of(pid)) {
      if (seized.contains(tid) || !ptrace::seize(tid, as_traced)) continue;
      ptrace::interrupt(tid);
      changed = seized.insert(tid).second;
    }
  }
  std::set<pid_t> awaited = seized;
  Stopped stopped;
  for (int tries = 0; tries < most_tries; ++tries) {
    for (auto& outcome : ptrace::wait_for_all({awaited.begin(), awaited.end()}, patience_ns)) {
      if (auto* stop = std::get_if<ptrace::Stop>(&outcome)) {
        awaited.erase(stop->tid());
        stopped.stops.push_back(std::move(*stop));
      } else if (const auto* ended = std::get_if<ptrace::Ended>(&outcome)) {
        awaited.erase(ended->tid);
        ends.push_back(*ended);
      }
    }
    stopped.all = std::ranges::none_of(awaited, ptrace::is_running);
    if (stopped.all) break;
  }
  return stopped;
}

// A task in the handler leaves it: nothing in there sleeps, its one system call is its end, and every signal
// is blocked. From stop to stop, and not for a time: on a busy machine that may be too short to run at all.
ptrace::WaitOutcome out_of_handler(const HandlerRow& row, ptrace::Stop stop) {
  constexpr int most_stops = 16;
  for (int stops = 0; stops < most_stops; ++stops) {
    const pid_t tid = stop.tid();
    Address pc;
    if (!ptrace::peek_pc(tid, pc)) break;
    const bool inside = runs_handler(row, pc);
    if (!inside && stop.kind() != ptrace::StopKind::syscall) break;
    // Behind the call that ends it the task is to stop once more, where it can be asked to make another.
    if (!inside) ptrace::interrupt(tid);
    if (!std::move(stop).resume(inside ? ptrace::Run::to_syscall : ptrace::Run::freely, 0))
      return ptrace::Nothing{};
    auto outcome = ptrace::await(tid);
    auto* next = std::get_if<ptrace::Stop>(&outcome);
    if (next == nullptr) return outcome;
    stop = std::move(*next);
  }
  return stop;
}

// A task that was making a call for the tracer waits behind that. What the tracer had sent it, or held back,
// may wait for it: the SIGTRAP of a breakpoint that was served, or one that stands for another signal.
ptrace::WaitOutcome give_back(const HandlerRow& row, ptrace::Stop stop) {
  const pid_t tid = stop.tid();
  Address pc;
  if (row.calling.tid.load(std::memory_order_acquire) != tid || !ptrace::peek_pc(tid, pc) ||
      !is_at_call(row, pc))
    return stop;
  ptrace::put_back(stop, row.calling);
  if (stop.signal_in_hand() == SIGTRAP) return std::move(stop).as(ptrace::StopKind::trap, 0);
  const int in_hand = row.calling.signal;
  if (in_hand != 0 && !ptrace::waits(tid, in_hand)) ::syscall(SYS_tkill, tid, in_hand);
  if (in_hand == SIGTRAP || !ptrace::waits(tid, SIGTRAP)) return stop;
  if (!std::move(stop).resume(ptrace::Run::freely, 0)) return ptrace::Nothing{};
  auto outcome = ptrace::await(tid);
  auto* next = std::get_if<ptrace::Stop>(&outcome);
  if (next == nullptr || next->signal_in_hand() != SIGTRAP) return outcome;
  auto taken = ptrace::take(std::move(*next));
  next = std::get_if<ptrace::Stop>(&taken);
  if (next == nullptr || ptrace::ends_program(next->kind())) return taken;
  return std::move(*next).as(ptrace::StopKind::trap, 0);
}

// The tasks of a process, each where it would be without breakpoints, and what to let it go with.
std::vector<Settled> settle_all(std::vector<ptrace::Stop> stops, const Left& left,
                                std::vector<ptrace::Ended>& ends) {
  std::vector<Settled> settled;
  for (auto& one : stops) {
    ptrace::WaitOutcome outcome = std::move(one);
    if (left.handler != nullptr)
      outcome = out_of_handler(*left.handler, std::move(std::get<ptrace::Stop>(outcome)));
    if (auto* stop = std::get_if<ptrace::Stop>(&outcome); stop != nullptr && left.handler != nullptr)
      outcome = give_back(*left.handler, std::move(*stop));
    if (auto* stop = std::get_if<ptrace::Stop>(&outcome)) {
      settled.push_back(settle(std::move(*stop), left.patches));
    } else if (const auto* ended = std::get_if<ptrace::Ended>(&outcome)) {
      ends.push_back(*ended);
    }
  }
  return settled;
}

void take_handler_out(HandlerRow& handler, std::vector<Settled>& settled) {
  for (auto& [outcome, signal] : settled) {
    const auto* stop = std::get_if<ptrace::Stop>(&outcome);
    if (stop == nullptr || !ptrace::can_call(stop->kind())) continue;
    outcome = take_out(handler, std::move(std::get<ptrace::Stop>(outcome)), as_traced);
    if (std::holds_alternative<ptrace::Stop>(outcome)) return;
  }
}

// Slots and handler stay where a task may be that did not stop: nobody comes there any more.
void let_go(pid_t pid, const Left& left, std::vector<ptrace::Ended>& ends) {
  auto [stops, all] = stop_all(pid, ends);
  auto settled = settle_all(std::move(stops), left, ends);
  const Text text(pid);
  if (all) {
    for (const Patch* patch : left.patches) clear_slot(text, *patch);
    if (left.handler != nullptr) take_handler_out(*left.handler, settled);
  }
  for (auto& [outcome, signal] : settled) {
    if (auto* stop = std::get_if<ptrace::Stop>(&outcome)) std::move(*stop).detach(signal);
    if (const auto* ended = std::get_if<ptrace::Ended>(&outcome)) ends.push_back(*ended);
  }
}

}  // namespace

std::vector<ptrace::Ended> recover(const PatchTable& table) {
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
    std::erase_if(left.patches, [&](const Patch* patch) {
      return !restore_text(text, *patch) && !has_slot_alone(text, *patch);
    });
  }
  std::vector<ptrace::Ended> ends;
  for (const auto& [pid, left] : processes) {
    if (left.patches.empty() && left.handler == nullptr) continue;
    let_go(pid, left, ends);
  }
  return ends;
}

}  // namespace sonde::probes
