// What the tracer is asked to do. Fixed before the processes fork.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/base/types.hpp"
#include "sonde/event/frame.hpp"
#include "sonde/ptrace/requests.hpp"
#include "sonde/record/heap_functions.hpp"

namespace sonde::record {

// What is copied of a system call's arguments.
enum class Detail : std::uint8_t {
  numbers,  // Nothing but registers: enough for statistics.
  memory,   // What the arguments point to.
};

// How much is told of an allocator's call.
enum class HeapWant : std::uint8_t {
  nothing,
  account,  // Its event, for the account of the heap alone: without a stack.
  all,
};

// Such a call as it begins: `frame` has the operation that it will be told as, and no result yet.
struct HeapCallBegun {
  TaskId task;
  const event::HeapFrame& frame;
  std::string_view own_name;  // Of a function that the user has named.
};

struct Options {
  // Tasks.
  bool follow_children = true;
  bool low_latency = true;    // Keep idle CPUs awake while events flow, and spin: see stop_waiter.hpp.
  bool kill_on_exit = false;  // The tracees die with the tracer (PTRACE_O_EXITKILL).
  bool seccomp = false;  // The program carries a filter that reports what is to be traced; see can_detach().
  std::vector<std::string_view> detach_on;  // -b: calls after whose success a process is let go, of any ABI.
  Detail detail = Detail::memory;
  bool system_calls = true;
  std::uint32_t string_limit = 32;
  bool fd_paths = false;    // -y, and filters on paths behind descriptors.
  bool fd_details = false;  // -yy: the ends of sockets, devices' numbers.
  bool stacks = false;      // -k, and filters on sites: the stack at each call's entry and each signal.
  bool heap = false;        // Every call of an allocator, with its stack where stacks are wanted.
  std::vector<HeapFunction> allocators;   // Functions of the program's own, beside those that are known.
  std::string round_function;             // Whose calls begin rounds of the program's work; empty: none.
  std::vector<std::string> symbols_from;  // Folders with debug files that may name such functions: absolute.
  bool release_stacks = false;            // Those of calls that release a block, too.
  int memory_file = -1;         // Where copies of the memory of processes go that end; -1: none are made.
  bool copy_when_left = false;  // Of those that are left, too.
  bool crash_reports = false;   // Tell all about a task that dies of a signal.
  bool verbose = false;         // -v: whole environments and arrays.
  bool redact_strings = false;
  bool redact_paths = false;
  bool redact_environment = false;

  // Says whether a call can be of interest, from its registers; what cannot be is not recorded. Empty: all
  // can.
  std::function<bool(Abi, std::uint32_t nr, std::span<const std::uint64_t, 6> args)> may_match;

  // The same of an allocator's call. Empty: all of each.
  std::function<HeapWant(const HeapCallBegun&)> heap_want;

  // Overflow: wait for the console, or drop and count.
  bool drop_on_overflow = false;
  std::uint32_t sample = 1;    // Record every Nth call of a call site.
  std::uint32_t max_rate = 0;  // Record at most so many calls a second of a call site; 0: no limit.

  // A program under a seccomp filter must keep its tracer until it ends: RET_TRACE without one fails the
  // call.
  bool can_detach() const { return !seccomp; }

  // With which every task is traced. Whoever has breakpoints in its memory must be, followed or not.
  ptrace::Options for_tasks() const {
    return {.threads = true,
            .children = follow_children || heap,
            .seccomp = seccomp,
            .kill_on_exit = kill_on_exit || seccomp,
            .ends = heap};
  }
};

}  // namespace sonde::record
