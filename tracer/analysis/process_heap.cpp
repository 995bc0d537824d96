#include "sonde/analysis/process_heap.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "sonde/base/limits.hpp"

namespace sonde::analysis {

namespace {

using allocator::Function;
using event::HeapOperation;

// Findings of a thread that wait for what it does next.
constexpr std::size_t doubts_max = 64;

std::uint64_t bounded(std::uint64_t size) { return std::min(size, LiveBlock::size_max); }

}  // namespace

ProcessHeap::ProcessHeap(HeapShared& shared, std::uint32_t id, pid_t pid, Nanoseconds time, bool partial)
    : shared_(&shared), id_(id), pid_(pid), partial_(partial), started_(time), sites_(1), threads_(1) {}

ProcessHeap::ProcessHeap(const ProcessHeap& parent, std::uint32_t id, pid_t pid, Nanoseconds time)
    : ProcessHeap(*parent.shared_, id, pid, time, parent.partial_) {
  lossy_ = parent.lossy_;
  comm_ = parent.comm_;
  exe_ = parent.exe_;
  if (shared_->blocks + parent.blocks_.size() > limits::heap_blocks ||
      shared_->sites + parent.sites_.size() > limits::heap_sites) {
    shared_->blocks_left_out += parent.blocks_.size();
    partial_ = true;
    return;
  }
  blocks_ = LiveBlocks(parent.blocks_);
  shared_->blocks += blocks_.size();
  sites_.clear();
  for (const Site& site : parent.sites_) {
    sites_.push_back({site.stack, site.function, site.counters.inherited()});
  }
  site_index_ = parent.site_index_;
  shared_->sites += sites_.size() - 1;
  threads_.clear();
  for (const Thread& thread : parent.threads_) threads_.push_back({thread.tid, thread.counters.inherited()});
  thread_index_ = parent.thread_index_;
  shared_->threads += threads_.size() - 1;
  for (std::size_t i = 0; i < size_classes; ++i) sizes_[i] = parent.sizes_[i].inherited();
  total_ = parent.total_.inherited();
  // A resize of another thread's will not be ended here; which block it has left, nobody knows.
  for (const Thread& thread : parent.threads_) {
    if (!thread.given_up) continue;
    partial_ = true;
    restore(*thread.given_up);
  }
  inherited_blocks_ = total_.live_blocks;
  inherited_bytes_ = peak_bytes_ = total_.live_bytes;
  peak_time_ = time;
  ++peak_;
}

ProcessHeap::~ProcessHeap() {
  shared_->blocks -= blocks_.size();
  shared_->sites -= sites_.size() - 1;
  shared_->threads -= threads_.size() - 1;
}

void ProcessHeap::name(std::string_view comm, std::string_view exe) {
  comm_ = comm;
  exe_ = exe;
}

HeapOutcome ProcessHeap::apply(const event::HeapCall& event, TaskId task, Nanoseconds time, HeapStackId stack,
                               bool counted) {
  HeapOutcome outcome;
  const Call call{event, task, time, stack, counted};
  Thread& thread = threads_[thread_of(task.tid)];
  used_ |= counted;
  switch (event.operation) {
    case HeapOperation::allocate:
      on_allocate(call, thread);
      break;
    case HeapOperation::release:
      on_release(call, thread, outcome);
      break;
    case HeapOperation::give_up:
      on_give_up(call, thread);
      break;
    case HeapOperation::reallocate:
      on_reallocate(call, thread, outcome);
      break;
  }
  return outcome;
}

void ProcessHeap::on_allocate(const Call& call, Thread& thread) {
  put_back(thread);
  settle(thread);
  note_size(call);
  if (call.event.address == 0) {
    fail(call, thread);
  } else {
    allocate(call, thread, false);
  }
}

void ProcessHeap::on_release(const Call& call, Thread& thread, HeapOutcome& outcome) {
  put_back(thread);
  const std::uint64_t address = call.event.address;
  if (address == 0) {
    ++null_releases_;
    return;
  }
  const bool temporary = std::exchange(thread.last, 0) == address;
  outcome.released = take(address);
  if (!outcome.released) {
    outcome.misuse = judge_unknown(address, call, thread);
    return;
  }
  outcome.misuse = judge_function(*outcome.released, call);
  retire(*outcome.released, call, temporary);
}

void ProcessHeap::on_give_up(const Call& call, Thread& thread) {
  put_back(thread);
  settle(thread);
  const std::uint64_t address = thread.resizing = call.event.address;
  if (address == 0) return;
  thread.given_up = take(address);
  thread.misuse =
      thread.given_up ? judge_function(*thread.given_up, call) : judge_unknown(address, call, thread);
}

void ProcessHeap::on_reallocate(const Call& call, Thread& thread, HeapOutcome& outcome) {
  const event::HeapCall& event = call.event;
  if (thread.resizing != event.old_address) {  // Tracing has begun within the call.
    put_back(thread);
    thread.given_up = take(event.old_address);
  }
  outcome.misuse = thread.misuse;
  if (event.address == 0 && event.size != 0) {
    put_back(thread);
    if (!call.counted) return;
    note_size(call);
    return fail(call, thread);
  }
  outcome.released = std::exchange(thread.given_up, {});
  if (outcome.released) retire(*outcome.released, call, thread.last == event.old_address);
  thread.last = thread.resizing = 0;
  thread.misuse.reset();
  if (event.address != 0 && call.counted) allocate(call, thread, event.old_address != 0);
}

void ProcessHeap::allocate(const Call& call, Thread& thread, bool resized) {
  const std::uint64_t address = call.event.address;
  // Who gave the block back that was there was not seen.
  if (const auto before = take(address)) retire(*before, call, false);
  const LiveBlock block{.address = address,
                        .size = bounded(call.event.size) & LiveBlock::size_max,
                        .function = call.event.function & 0x7fffU,
                        .kind_unknown = call.event.kind_unknown,
                        .time = call.time,
                        .site = site_of(call.stack, call.event.function),
                        .tid = thread.tid};
  shared_->released.forget(id_, address);
  thread.last = address;
  const bool room = shared_->blocks < limits::heap_blocks;
  count(block, [&](HeapCounters& counters) {
    ++counters.allocations;
    counters.bytes += block.size;
    counters.resizes += resized ? 1 : 0;
    if (!room) return;
    ++counters.live_blocks;
    counters.live_bytes += block.size;
  });
  if (!room) {
    ++shared_->blocks_left_out;
    partial_ = true;
    return;
  }
  blocks_.insert(block);
  ++shared_->blocks;
  if (total_.live_bytes <= peak_bytes_) return;
  peak_bytes_ = total_.live_bytes;
  peak_time_ = call.time;
  ++peak_;
}

void ProcessHeap::fail(const Call& call, Thread& thread) {
  thread.last = 0;
  ++total_.failures;
  ++thread.counters.failures;
  ++sites_[site_of(call.stack, call.event.function)].counters.failures;
  ++sizes_[static_cast<std::size_t>(std::bit_width(bounded(call.event.size)))].failures;
}

void ProcessHeap::retire(const LiveBlock& block, const Call& call, bool temporary) {
  const Nanoseconds age = call.time < block.time ? 0 : call.time - block.time;
  count(block, [&](HeapCounters& counters) {
    ++counters.releases;
    counters.temporary += temporary ? 1 : 0;
    counters.lifetimes += age;
    --counters.live_blocks;
    counters.live_bytes -= block.size;
  });
  lifetimes_.add(age);
  shared_->released.keep({block.address, block.size, id_, place_of(block), call.place()});
}

// All counters that a block is part of.
template <typename Change>
void ProcessHeap::count(const LiveBlock& block, Change change) {
  const auto apply = [&](HeapCounters& counters) {
    counters.about_to_change(peak_);
    change(counters);
  };
  apply(total_);
  apply(sites_[block.site].counters);
  apply(threads_[known_thread(block.tid).value_or(0)].counters);
  apply(sizes_[static_cast<std::size_t>(std::bit_width(std::uint64_t{block.size}))]);
}

std::optional<LiveBlock> ProcessHeap::take(std::uint64_t address) {
  auto block = blocks_.take(address);
  if (block) --shared_->blocks;
  return block;
}

// The resize has failed, or will never return.
void ProcessHeap::put_back(Thread& thread) {
  if (const auto block = std::exchange(thread.given_up, {})) restore(*block);
  thread.resizing = 0;
  thread.misuse.reset();
}

void ProcessHeap::restore(const LiveBlock& block) {
  if (blocks_.find(block.address) == nullptr) {
    blocks_.insert(block);
    ++shared_->blocks;
    return;
  }
  // Another thread has it by now.
  count(block, [&](HeapCounters& counters) {
    ++counters.releases;
    --counters.live_blocks;
    counters.live_bytes -= block.size;
  });
}

void ProcessHeap::end_task(pid_t tid, bool crashed) {
  const auto thread = known_thread(tid);
  if (!thread) return;
  put_back(threads_[*thread]);
  if (crashed) settle(threads_[*thread]);
  unknown_releases_ += threads_[*thread].doubtful.size();
  threads_[*thread].doubtful.clear();
}

void ProcessHeap::end(HeapEnd how, Nanoseconds time) {
  for (Thread& thread : threads_) put_back(thread);
  end_ = how;
  ended_ = time;
  if (how == HeapEnd::detached) return;  // It goes on, and so do its blocks.
  shared_->blocks -= blocks_.size();
  blocks_.clear();
}

std::optional<HeapMisuse> ProcessHeap::judge_function(const LiveBlock& block, const Call& call) {
  const auto* allocated = allocator::row_of(static_cast<Function>(block.function));
  const auto* released = allocator::row_of(static_cast<Function>(call.event.function));
  if (lossy_ || allocated == nullptr || released == nullptr || allocated->kind == released->kind) return {};
  if (block.kind_unknown || call.event.kind_unknown) return {};
  findings_.add({.misuse = HeapMisuse::mismatch,
                 .address = block.address,
                 .at = call.place(),
                 .block_address = block.address,
                 .size = block.size,
                 .allocated = place_of(block),
                 .released = {}});
  return HeapMisuse::mismatch;
}

std::optional<HeapMisuse> ProcessHeap::judge_unknown(std::uint64_t address, const Call& call,
                                                     Thread& thread) {
  const auto* before = shared_->released.find(id_, address);
  if (lossy_ || (partial_ && before == nullptr) || is_inner_affair(call)) {
    ++unknown_releases_;
    return {};
  }
  HeapFinding finding{.misuse = HeapMisuse::unknown_address,
                      .address = address,
                      .at = call.place(),
                      .allocated = {},
                      .released = {}};
  if (before != nullptr) {
    finding.misuse = HeapMisuse::double_free;
    finding.block_address = address;
    finding.size = before->size;
    finding.allocated = before->allocated;
    finding.released = before->released;
  } else if (searches_ < limits::heap_searches) {
    ++searches_;
    if (const LiveBlock* block = blocks_.around(address)) {
      finding.misuse = HeapMisuse::inside_block;
      finding.block_address = block->address;
      finding.size = block->size;
      finding.allocated = place_of(*block);
    }
  }
  if (call.stack == 0 && call.task.tid != pid_) {
    if (thread.doubtful.size() < doubts_max) {
      thread.doubtful.push_back(finding);
    } else {
      ++unknown_releases_;
    }
    return {};
  }
  findings_.add(finding);
  return finding.misuse;
}

// The thread goes on, or has crashed: what it did was no end of a thread.
void ProcessHeap::settle(Thread& thread) {
  for (const HeapFinding& finding : thread.doubtful) findings_.add(finding);
  thread.doubtful.clear();
}

// glibc gives a thread's cached blocks back through free() when the thread ends, although the program has
// done so before: nobody else is on the stack then. Without a stack only what the thread does next can tell.
bool ProcessHeap::is_inner_affair(const Call& call) const {
  return shared_->stacks.all_in(call.stack, [&](std::uint32_t module) {
    return module < shared_->c_libraries.size() && shared_->c_libraries[module];
  });
}

void ProcessHeap::note_size(const Call& call) {
  const std::uint64_t size = call.event.size;
  const bool huge = size > ~std::uint64_t{0} / 2;
  if (size != 0 && !huge) return;
  findings_.add({.misuse = huge ? HeapMisuse::huge_size : HeapMisuse::zero_size,
                 .address = call.event.address,
                 .at = call.place(),
                 .size = size,
                 .allocated = {},
                 .released = {}});
}

HeapPlace ProcessHeap::place_of(const LiveBlock& block) const {
  return {static_cast<std::uint16_t>(block.function), sites_[block.site].stack, block.tid, block.time};
}

std::uint32_t ProcessHeap::site_of(HeapStackId stack, std::uint16_t function) {
  if (stack == 0) return 0;
  const std::uint32_t hash = hash_of(stack);
  if (const auto known = site_index_.find(hash, [&](std::uint32_t i) { return sites_[i].stack == stack; })) {
    return *known;
  }
  if (shared_->sites >= limits::heap_sites) {
    ++shared_->sites_left_out;
    return 0;
  }
  ++shared_->sites;
  const auto made = static_cast<std::uint32_t>(sites_.size());
  sites_.push_back({stack, function, {}});
  site_index_.insert(hash, made);
  return made;
}

std::optional<std::uint32_t> ProcessHeap::known_thread(pid_t tid) const {
  if (threads_[last_thread_].tid == tid) return last_thread_;
  const auto known = thread_index_.find(hash_of(static_cast<std::uint32_t>(tid)),
                                        [&](std::uint32_t i) { return threads_[i].tid == tid; });
  if (known) last_thread_ = *known;
  return known;
}

std::uint32_t ProcessHeap::thread_of(pid_t tid) {
  if (const auto known = known_thread(tid)) return *known;
  if (shared_->threads >= limits::heap_threads || tid <= 0) {
    ++shared_->threads_left_out;
    return 0;
  }
  ++shared_->threads;
  const auto made = static_cast<std::uint32_t>(threads_.size());
  threads_.push_back({.tid = tid, .counters = {}});
  thread_index_.insert(hash_of(static_cast<std::uint32_t>(tid)), made);
  return made;
}

}  // namespace sonde::analysis
