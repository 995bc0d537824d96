// The heap of one address space, from its first call of an allocator to its end.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sonde/allocator/functions.hpp"
#include "sonde/analysis/duration_histogram.hpp"
#include "sonde/analysis/heap_counters.hpp"
#include "sonde/analysis/heap_findings.hpp"
#include "sonde/analysis/heap_stacks.hpp"
#include "sonde/analysis/live_blocks.hpp"
#include "sonde/analysis/memory_series.hpp"
#include "sonde/event/event.hpp"

namespace sonde::analysis {

// What all heaps of a table share.
struct HeapShared {
  HeapStacks stacks;
  ReleasedBlocks released;
  std::size_t blocks = 0;  // Of all heaps, for limits::heap_blocks; sites and threads as well.
  std::size_t sites = 0;
  std::size_t threads = 0;
  std::vector<bool> c_libraries;  // By the ids of modules.
  // What found no room: blocks (which count as allocated, and are not known when they are given back), and
  // calls whose stack or thread is not told apart.
  std::uint64_t blocks_left_out = 0;
  std::uint64_t sites_left_out = 0;
  std::uint64_t threads_left_out = 0;
};

// What one call did, beyond what its event tells.
struct HeapOutcome {
  std::optional<LiveBlock> released;  // The block that a free or a resize has given back.
  std::optional<HeapMisuse> misuse;

  // Of `released`, at that time.
  std::optional<Nanoseconds> age(Nanoseconds time) const {
    if (!released) return std::nullopt;
    return time < released->time ? 0 : time - released->time;
  }
};

enum class HeapEnd : std::uint8_t { running, exited, executed, detached };

class ProcessHeap {
 public:
  struct Site {
    HeapStackId stack = 0;       // 0: of all calls whose stack is not known.
    std::uint16_t function = 0;  // allocator::Function of its first call.
    HeapCounters counters;
  };
  struct Thread {
    pid_t tid = 0;  // 0: of all threads that found no room.
    HeapCounters counters;
    std::uint64_t last = 0;      // What its last call allocated.
    std::uint64_t resizing = 0;  // The address that a resize was asked for which has not returned.
    std::optional<LiveBlock> given_up = {};  // The block that was there.
    std::optional<HeapMisuse> misuse = {};   // Of that resize.
    std::vector<HeapFinding> doubtful = {};  // Its misuses, unless it ends now: see is_inner_affair().
  };
  // Sizes by their number of bits: 0; 1; 2 and 3; 4 to 7 ...
  static constexpr std::size_t size_classes = 65;

  // `partial`: it has blocks that were allocated without an event.
  ProcessHeap(HeapShared& shared, std::uint32_t id, pid_t pid, Nanoseconds time, bool partial);
  // A copy of `parent`'s heap, as fork makes it: its live blocks are inherited, and nothing else was counted
  // yet.
  ProcessHeap(const ProcessHeap& parent, std::uint32_t id, pid_t pid, Nanoseconds time);
  ProcessHeap(const ProcessHeap&) = delete;
  ~ProcessHeap();

  // Of a call that is not `counted` only what it gives back matters.
  HeapOutcome apply(const event::HeapCall& call, TaskId task, Nanoseconds time, HeapStackId stack,
                    bool counted = true);
  // What the task had begun will not be ended. `crashed`: by a signal that tells of a mistake.
  void end_task(pid_t tid, bool crashed);
  // Gives back what only a heap in use needs, but for the blocks of a process that was let go. Counters stay:
  // what is live then is what was live at the end.
  void end(HeapEnd how, Nanoseconds time);

  void note_memory(const event::MemoryUse& use, Nanoseconds time) {
    memory_.add({time, use, total_.live_bytes});
  }

  // Blocks may be given back, from now on, that were allocated without an event.
  void become_partial() { partial_ = true; }
  // Events were lost: nobody is accused of anything any more.
  void become_lossy() { partial_ = lossy_ = true; }

  std::uint32_t id() const { return id_; }
  pid_t pid() const { return pid_; }
  bool partial() const { return partial_; }
  HeapEnd how_ended() const { return end_; }
  Nanoseconds started() const { return started_; }
  Nanoseconds ended() const { return ended_; }
  bool used() const { return used_ || unseen_growth() != 0; }

  const HeapCounters& total() const { return total_; }
  std::uint64_t inherited_blocks() const { return inherited_blocks_; }
  std::uint64_t inherited_bytes() const { return inherited_bytes_; }
  const MemorySeries& memory() const { return memory_; }
  // The memory that the process took while it was watched, and that its account does not explain: it has an
  // allocator that nobody watches. 0 where there is nothing to wonder at, and where the account has only a
  // part of all calls.
  std::uint64_t unseen_growth() const;
  // The number of the last peak, for HeapCounters::peak_*.
  std::uint64_t peak() const { return peak_; }
  std::uint64_t peak_bytes() const { return peak_bytes_; }
  Nanoseconds peak_time() const { return peak_time_; }
  std::uint64_t null_releases() const { return null_releases_; }
  // Given back, and not known: of a partial heap, or the C library's own affair.
  std::uint64_t unknown_releases() const { return unknown_releases_; }
  const DurationHistogram& lifetimes() const { return lifetimes_; }
  const std::vector<Site>& sites() const { return sites_; }
  const std::vector<Thread>& threads() const { return threads_; }
  const std::array<HeapCounters, size_classes>& sizes() const { return sizes_; }
  const HeapFindings& findings() const { return findings_; }
  const LiveBlocks& blocks() const { return blocks_; }

  void name(std::string_view comm, std::string_view exe);
  // Untrusted texts, empty where they are not known.
  const std::string& comm() const { return comm_; }
  const std::string& exe() const { return exe_; }

 private:
  struct Call {
    const event::HeapCall& event;
    TaskId task;
    Nanoseconds time;
    HeapStackId stack;
    bool counted;
    HeapPlace place() const { return {event.function, stack, task.tid, time}; }
  };

  std::uint32_t site_of(HeapStackId stack, std::uint16_t function);
  std::uint32_t thread_of(pid_t tid);
  std::optional<std::uint32_t> known_thread(pid_t tid) const;
  template <typename Change>
  void count(const LiveBlock& block, Change change);

  void on_allocate(const Call& call, Thread& thread);
  void on_release(const Call& call, Thread& thread, HeapOutcome& outcome);
  void on_give_up(const Call& call, Thread& thread);
  void on_reallocate(const Call& call, Thread& thread, HeapOutcome& outcome);

  void allocate(const Call& call, Thread& thread, bool resized);
  void fail(const Call& call, Thread& thread);
  void retire(const LiveBlock& block, const Call& call, bool temporary);
  std::optional<LiveBlock> take(std::uint64_t address);
  void put_back(Thread& thread);
  void restore(const LiveBlock& block);
  std::optional<HeapMisuse> judge_function(const LiveBlock& block, const Call& call);
  std::optional<HeapMisuse> judge_unknown(std::uint64_t address, const Call& call, Thread& thread);
  bool is_inner_affair(const Call& call) const;
  void settle(Thread& thread);
  void note_size(const Call& call);
  HeapPlace place_of(const LiveBlock& block) const;

  HeapShared* shared_;
  std::uint32_t id_;
  pid_t pid_;
  bool partial_;
  bool lossy_ = false;
  bool used_ = false;
  std::string comm_;
  std::string exe_;
  HeapEnd end_ = HeapEnd::running;
  Nanoseconds started_;
  Nanoseconds ended_ = 0;

  LiveBlocks blocks_;
  std::vector<Site> sites_;
  SlotIndex site_index_;
  std::vector<Thread> threads_;
  SlotIndex thread_index_;
  mutable std::uint32_t last_thread_ = 0;
  std::array<HeapCounters, size_classes> sizes_{};
  HeapCounters total_;
  DurationHistogram lifetimes_;
  HeapFindings findings_;
  MemorySeries memory_;
  std::uint64_t searches_ = 0;  // For the block around an address: each looks at all blocks.
  std::uint64_t inherited_blocks_ = 0;
  std::uint64_t inherited_bytes_ = 0;
  std::uint64_t null_releases_ = 0;
  std::uint64_t unknown_releases_ = 0;
  std::uint64_t peak_ = 0;
  std::uint64_t peak_bytes_ = 0;
  Nanoseconds peak_time_ = 0;
};

}  // namespace sonde::analysis
