// A handler of SIGTRAP in a process with breakpoints, for the moment in which its tracer is killed.
//
// A task without a tracer that runs into an int3 dies of SIGTRAP, and the kernel lets tracees go before
// anybody is told that their tracer is dead: until the keeper has put the text back, every busy thread runs
// into one. With the handler it does not die, but goes back to the instruction and tries again, until that is
// there. While there is a tracer the handler never runs: the tracer takes every SIGTRAP first.
//
// A process with a handler of its own keeps it. In one that ignores SIGTRAP an int3 has the kernel make that
// the default (force_sig_info_to_task() of its kernel/signal.c); taken out, the handler leaves it ignored
// again.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "sonde/probes/patch_table.hpp"
#include "sonde/probes/probe_set.hpp"
#include "sonde/ptrace/wait.hpp"

namespace sonde::probes {

class TrapHandler {
 public:
  // Puts the handler's code into the first of these areas that has room for it, and takes that room. Null
  // when none has, or the memory cannot be written. `ignored`: whether the process ignored SIGTRAP before it
  // had breakpoints.
  static std::unique_ptr<TrapHandler> place(pid_t pid, bool ignored, PatchTable& table,
                                            std::span<SlotArea> areas);
  // Forgets it: for a process that has ended or executed a program.
  ~TrapHandler();
  TrapHandler(const TrapHandler&) = delete;
  TrapHandler& operator=(const TrapHandler&) = delete;

  // Of a process that was forked off: it has the same in its memory, and the same disposition. Null when the
  // table is full.
  std::unique_ptr<TrapHandler> copy_for(pid_t child) const;

  // Has the task make it the handler of SIGTRAP, if the program has none. The outcome is to be
  // treated as the stop that was given; that must be one in which ptrace::can_call(). `options`: with which
  // the task is traced.
  ptrace::WaitOutcome install(ptrace::Stop stop, const ptrace::Options& options) const;
  // Has the task give SIGTRAP its former disposition back, if this is still the handler, and takes the code
  // out of memory. Where the call cannot be made both stay, which harms nobody.
  ptrace::WaitOutcome take_out(ptrace::Stop stop, const ptrace::Options& options) const;

  Address code() const { return {row_->code}; }

 private:
  TrapHandler(PatchTable& table, HandlerRow* row) : table_(table), row_(row) {}

  PatchTable& table_;
  HandlerRow* row_;
};

// The same for the keeper, which has the row alone.
ptrace::WaitOutcome take_out(HandlerRow& row, ptrace::Stop stop, const ptrace::Options& options);
// Whether a stopped task can make the call: no seccomp filter sees it, or none has to. A filter may end a
// program for a call that is not its own.
bool can_set_handler(pid_t tid, const ptrace::Options& options);
// Whether a task with that pc runs the handler.
bool runs_handler(const HandlerRow& row, Address pc);
// Whether it is at the call that sets the handler or takes it out, or waits behind that.
bool is_at_call(const HandlerRow& row, Address pc);

}  // namespace sonde::probes
