// The part of Tracer that tells of crashes: all threads of a process that is about to die are stopped and
// looked at.
#include <utility>

#include "sonde/record/crash_capture.hpp"
#include "sonde/record/tracer.hpp"

namespace sonde::record {

namespace {

constexpr Nanoseconds patience_ns = 200'000'000;  // For threads that do not stop: uninterruptible sleep.

}  // namespace

bool Tracer::tell_crash(Task& task, const siginfo_t& info) {
  if (!options_.crash_reports || task.crash_told || events_.muted() || detaching_) return false;
  if (!is_crash(task.id.tid, info.si_signo)) return false;
  const TaskId id = task.id;
  tasks_.each([&](Task& other) { other.crash_told |= other.id.pid == id.pid; });
  events_.crash(id, info);
  auto stops = stop_other_threads(id, limits::crash_threads);
  for (const auto& stop : stops) events_.thread_stack({id.pid, stop.tid()});
  for (auto& stop : stops) on_stop(std::move(stop));
  return true;
}

std::vector<ptrace::Stop> Tracer::stop_other_threads(TaskId task, std::size_t most) {
  std::vector<pid_t> awaited;
  tasks_.each([&](Task& other) {
    if (other.id.pid != task.pid || other.id.tid == task.tid || awaited.size() == most) return;
    interrupt(other);
    if (other.interrupted) awaited.push_back(other.id.tid);
  });
  std::vector<ptrace::Stop> stops;
  const auto next = [&](pid_t tid) { return take_served(ptrace::look_at(tid)); };
  for (auto& outcome : ptrace::wait_for_all(std::move(awaited), patience_ns, next)) {
    if (auto* stop = std::get_if<ptrace::Stop>(&outcome)) {
      stops.push_back(std::move(*stop));
    } else if (const auto* ended = std::get_if<ptrace::Ended>(&outcome)) {
      on_ended(ended->tid, ended->status);
    }
  }
  drop_what_is_over(stops);
  return stops;
}

}  // namespace sonde::record
