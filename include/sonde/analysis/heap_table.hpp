// The heaps of all processes of a trace: a fold over its events.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "sonde/analysis/process_heap.hpp"

namespace sonde::analysis {

// apply() every event in order, those on modules and stacks too; then ask. Heaps belong to address spaces:
// fork copies one, exec ends one and begins another, vfork's child uses its parent's. Memory is bounded by
// limits::heap_*; what found no room is counted.
class HeapTable {
 public:
  // Of all but the first, other calls are told at most where they give a block back, and nobody is accused
  // of anything.
  enum class Counts : std::uint8_t {
    all,
    matching,  // Allocations that a filter matches.
    sampled,   // Those that the tracer has not left out.
  };
  explicit HeapTable(Counts counts = Counts::all) : counts_(counts) {}
  Counts counts() const { return counts_; }

  void apply(const event::Event& event) { apply(event, true); }
  // Of one that counts what a filter matches: another event.
  void apply_unmatched(const event::Event& event) { apply(event, false); }

  // What the last event did, if it was an allocator's call; else nothing.
  const HeapOutcome& last() const { return last_; }

  // Those that were used, in the order in which they began. Of more than limits::heap_processes the ended
  // ones with the smallest peaks are dropped.
  std::vector<const ProcessHeap*> heaps() const;
  // That which the process has now; null where it has none.
  const ProcessHeap* heap_of(pid_t pid) const;
  const HeapShared& shared() const { return shared_; }
  Nanoseconds start() const { return start_; }  // Of the trace.
  std::uint64_t heaps_left_out() const { return heaps_left_out_; }
  // Calls that belong to none of the heaps, since there are too many processes at once.
  std::uint64_t calls_left_out() const { return calls_left_out_; }
  std::uint64_t events_lost() const { return events_lost_; }
  // Of all sorts of events, by --sample and --max-rate.
  std::uint64_t sampled_out() const { return sampled_out_; }

 private:
  void apply(const event::Event& event, bool matches);

  // The stacks of the stream by their ids, which count up: one after the other from `first` on.
  struct Generation {
    std::uint32_t first = 0;
    std::vector<HeapStackId> stacks;
  };

  void on(const event::HeapCall& call, const event::Event& event);
  void on(const event::TaskStarted& started, const event::Event& event);
  void on(const event::Exec& exec, const event::Event& event);
  void on(const event::TaskEnded& ended, const event::Event& event);
  void on(const event::TaskDetached& detached, const event::Event& event);
  void on(const event::TaskName& name, const event::Event& event);
  void on(const event::Lost& lost, const event::Event& event);
  void on(const event::Module& module, const event::Event& event);
  void on(const event::Stack& stack, const event::Event& event);
  void on(const event::Session& session, const event::Event& event);
  void on(const event::MemoryUse& use, const event::Event& event);
  template <typename Other>
  void on(const Other&, const event::Event&) {}

  struct Process {
    std::shared_ptr<ProcessHeap> heap;  // Null when there was no room for it.
    std::size_t tasks = 0;
  };

  Process& process(pid_t pid, Nanoseconds time);
  std::shared_ptr<ProcessHeap> keep(std::shared_ptr<ProcessHeap> heap);
  bool make_room();
  void inherit(Process& child, pid_t parent_tid, event::TaskOrigin origin, const event::Event& event);
  void end_process(pid_t pid, HeapEnd how, Nanoseconds time);
  void forget_task(pid_t tid, bool crashed = false);
  HeapStackId stack_of(const event::Snapshot& snapshot) const;

  const Counts counts_;
  bool matches_ = true;  // The event that is being applied.
  HeapShared shared_;
  std::vector<std::shared_ptr<ProcessHeap>> heaps_;
  std::unordered_map<pid_t, Process> processes_;
  std::unordered_map<pid_t, pid_t> tasks_;  // Their processes.
  Process no_room_;
  Process* recent_ = nullptr;  // The process of the last call.
  pid_t recent_pid_ = 0;
  Generation current_;  // As stacks::StackBook keeps stacks.
  Generation previous_;
  HeapOutcome last_;
  std::uint32_t last_id_ = 0;
  Nanoseconds start_ = 0;
  std::uint64_t heaps_left_out_ = 0;
  std::uint64_t calls_left_out_ = 0;
  std::uint64_t events_lost_ = 0;
  std::uint64_t sampled_out_ = 0;
};

}  // namespace sonde::analysis
