#include "sonde/analysis/heap_table.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <sys/wait.h>
#include <utility>

#include "sonde/base/limits.hpp"

namespace sonde::analysis {

namespace {

// More tasks than can exist come from a forged stream.
constexpr std::size_t tasks_max = std::size_t{4} << 20;

// Of a generation, where stacks found no room in the ring.
constexpr std::size_t ids_left_out_max = limits::stack_generation;

constexpr std::array<std::string_view, 8> c_library_files = {
    "libc.so", "libc-2.", "libpthread.so", "libpthread-2.", "ld-linux-", "ld-2.", "ld-musl-", "libc.musl-"};

bool is_c_library(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);
  return std::any_of(c_library_files.begin(), c_library_files.end(),
                     [&](std::string_view name) { return path.starts_with(name); });
}

// As a program ends that the allocator has caught, or that has come to grief.
bool crashed(int status) {
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return signal == SIGABRT || signal == SIGSEGV || signal == SIGBUS;
}

}  // namespace

void HeapTable::apply(const event::Event& event, bool matches) {
  last_ = {};
  matches_ = matches;
  std::visit([&](const auto& payload) { on(payload, event); }, event.payload);
}

std::vector<const ProcessHeap*> HeapTable::heaps() const {
  std::vector<const ProcessHeap*> used;
  for (const auto& heap : heaps_) {
    if (heap->used()) used.push_back(heap.get());
  }
  return used;
}

const ProcessHeap* HeapTable::heap_of(pid_t pid) const {
  const auto found = processes_.find(pid);
  return found == processes_.end() ? nullptr : found->second.heap.get();
}

void HeapTable::on(const event::HeapCall& call, const event::Event& event) {
  const bool counted = matches_ && !call.left_out;
  if (!counted && call.operation == event::HeapOperation::allocate) return;
  if (recent_ == nullptr || recent_pid_ != event.task.pid) {
    recent_ = &process(event.task.pid, event.time);
    recent_pid_ = event.task.pid;
  }
  if (!recent_->heap) {
    ++calls_left_out_;
    return;
  }
  last_ = recent_->heap->apply(call, event.task, event.time, stack_of(call.snapshot), counted);
}

HeapStackId HeapTable::stack_of(const event::Snapshot& snapshot) const {
  const std::uint32_t id = snapshot.stack();
  if (id == 0) return 0;
  for (const Generation* generation : {&current_, &previous_}) {
    const std::size_t place = id - generation->first;
    if (id >= generation->first && place < generation->stacks.size()) return generation->stacks[place];
  }
  return 0;
}

// Of a process whose start was not seen, blocks may be from before.
HeapTable::Process& HeapTable::process(pid_t pid, Nanoseconds time) {
  if (const auto found = processes_.find(pid); found != processes_.end()) return found->second;
  if (processes_.size() >= tasks_max) return no_room_;
  Process& made = processes_[pid];
  made.heap = keep(std::make_shared<ProcessHeap>(shared_, ++last_id_, pid, time, true));
  return made;
}

std::shared_ptr<ProcessHeap> HeapTable::keep(std::shared_ptr<ProcessHeap> heap) {
  if (heaps_.size() >= limits::heap_processes && !make_room()) return nullptr;
  if (events_lost_ != 0 || counts_ != Counts::all) heap->become_lossy();
  heaps_.push_back(heap);
  return heap;
}

bool HeapTable::make_room() {
  auto smallest = heaps_.end();
  for (auto heap = heaps_.begin(); heap != heaps_.end(); ++heap) {
    if ((*heap)->how_ended() == HeapEnd::running) continue;
    if (smallest == heaps_.end() || (*heap)->peak_bytes() < (*smallest)->peak_bytes()) smallest = heap;
  }
  if (smallest == heaps_.end()) return false;
  heaps_left_out_ += (*smallest)->used() ? 1 : 0;
  heaps_.erase(smallest);
  return true;
}

void HeapTable::on(const event::TaskStarted& started, const event::Event& event) {
  const auto [pid, tid] = event.task;
  if (tasks_.size() >= tasks_max || processes_.size() >= tasks_max) return;
  tasks_[tid] = pid;
  if (tid == pid && processes_.contains(pid)) end_process(pid, HeapEnd::exited, event.time);
  recent_ = nullptr;
  const bool fresh = !processes_.contains(pid);
  Process& process = processes_[pid];
  ++process.tasks;
  if (!fresh) return;
  switch (started.origin) {
    case event::TaskOrigin::program:
    case event::TaskOrigin::attached: {
      const bool partial = started.origin == event::TaskOrigin::attached;
      process.heap = keep(std::make_shared<ProcessHeap>(shared_, ++last_id_, pid, event.time, partial));
      return;
    }
    case event::TaskOrigin::fork:
    case event::TaskOrigin::vfork:
    case event::TaskOrigin::clone:
      return inherit(process, started.parent_tid, started.origin, event);
  }
}

void HeapTable::inherit(Process& child, pid_t parent_tid, event::TaskOrigin origin,
                        const event::Event& event) {
  const auto task = tasks_.find(parent_tid);
  const auto parent = task == tasks_.end() ? processes_.end() : processes_.find(task->second);
  if (parent == processes_.end() || !parent->second.heap) {
    child.heap = keep(std::make_shared<ProcessHeap>(shared_, ++last_id_, event.task.pid, event.time, true));
    return;
  }
  if (origin == event::TaskOrigin::vfork) {
    child.heap = parent->second.heap;
    return;
  }
  child.heap =
      keep(std::make_shared<ProcessHeap>(*parent->second.heap, ++last_id_, event.task.pid, event.time));
  // The other threads have gone on between the fork and its event.
  if (child.heap && parent->second.tasks > 1) child.heap->become_partial();
}

void HeapTable::on(const event::Exec& exec, const event::Event& event) {
  const pid_t pid = event.task.pid;
  if (exec.old_tid != event.task.tid) forget_task(exec.old_tid);
  end_process(pid, HeapEnd::executed, event.time);
  Process& process = processes_[pid];
  process.tasks = 1;
  tasks_[event.task.tid] = pid;
  process.heap = keep(std::make_shared<ProcessHeap>(shared_, ++last_id_, pid, event.time, false));
}

void HeapTable::on(const event::TaskEnded& ended, const event::Event& event) {
  forget_task(event.task.tid, crashed(ended.status));
  if (event.task.tid == event.task.pid) end_process(event.task.pid, HeapEnd::exited, event.time);
}

// A process is let go task by task, in any order.
void HeapTable::on(const event::TaskDetached&, const event::Event& event) {
  forget_task(event.task.tid);
  const auto process = processes_.find(event.task.pid);
  if (process == processes_.end() || process->second.tasks != 0) return;
  end_process(event.task.pid, HeapEnd::detached, event.time);
}

void HeapTable::forget_task(pid_t tid, bool crashed) {
  const auto task = tasks_.find(tid);
  if (task == tasks_.end()) return;
  if (const auto process = processes_.find(task->second); process != processes_.end()) {
    if (process->second.tasks != 0) --process->second.tasks;
    if (process->second.heap) process->second.heap->end_task(tid, crashed);
  }
  tasks_.erase(task);
}

// What a vfork's child used goes on being its parent's.
void HeapTable::end_process(pid_t pid, HeapEnd how, Nanoseconds time) {
  recent_ = nullptr;
  const auto process = processes_.find(pid);
  if (process == processes_.end()) return;
  const auto heap = std::move(process->second.heap);
  processes_.erase(process);
  if (!heap || heap->pid() != pid) return;
  heap->end(how, time);
  if (!heap->used()) std::erase(heaps_, heap);
}

void HeapTable::on(const event::TaskName& name, const event::Event& event) {
  const auto process = processes_.find(event.task.pid);
  if (process == processes_.end()) return;
  if (const auto& heap = process->second.heap; heap && heap->pid() == event.task.pid) {
    heap->name(name.comm, name.exe);
  }
}

void HeapTable::on(const event::Lost& lost, const event::Event&) {
  const bool asked_for =
      lost.reason == event::LossReason::sampling || lost.reason == event::LossReason::rate_limit;
  (asked_for ? sampled_out_ : events_lost_) += lost.count;
  if (asked_for && counts_ == Counts::sampled) return;  // As it was from the start.
  for (const auto& heap : heaps_) heap->become_lossy();
}

void HeapTable::on(const event::Module& module, const event::Event&) {
  if (module.id >= limits::modules) return;
  if (shared_.c_libraries.size() <= module.id) shared_.c_libraries.resize(module.id + 1);
  shared_.c_libraries[module.id] = is_c_library(module.path);
}

void HeapTable::on(const event::Stack& stack, const event::Event&) {
  const bool follows =
      stack.id >= current_.first && stack.id - current_.first < limits::stack_generation + ids_left_out_max;
  if (stack.new_generation || current_.stacks.empty() || !follows) {
    previous_ = std::exchange(current_, {stack.id, {}});
  }
  const std::size_t place = stack.id - current_.first;
  if (place >= current_.stacks.size()) current_.stacks.resize(place + 1);
  current_.stacks[place] = shared_.stacks.intern(stack.frames, stack.end);
}

// Of a child of vfork it would be its parent's.
void HeapTable::on(const event::MemoryUse& use, const event::Event& event) {
  const auto process = processes_.find(event.task.pid);
  if (process == processes_.end()) return;
  const auto& heap = process->second.heap;
  if (heap && heap->pid() == event.task.pid) heap->note_memory(use, event.time);
}

void HeapTable::on(const event::Session&, const event::Event& event) { start_ = event.time; }

}  // namespace sonde::analysis
