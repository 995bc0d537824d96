// What the console tells an output: calls and events, in the order in which they happened.
#pragma once

#include "sonde/decode/call.hpp"
#include "sonde/event/event.hpp"

namespace sonde::output {

// Why a call has no exit.
enum class Unfinished {
  died,      // Its task ended inside it. exit and exit_group end this way.
  detached,  // Its task is traced no more.
  cut,       // The events end here.
};

// Which calls and events are shown was decided before a sink is told. A sink writes to a Stream (or a report)
// that the caller owns and flushes; it never waits and never fails: errors are the stream's.
class Sink {
 public:
  virtual ~Sink() = default;

  // A call begins. Not told where the decision to show it needs the exit: then call_exited comes alone.
  virtual void call_entered(const decode::Call& call) = 0;
  // A call has returned: call.exit is set.
  virtual void call_exited(const decode::Call& call) = 0;
  // A call that will not return: told at `time`, before the event that says why (task_ended, task_detached,
  // and the exec that replaces a thread-group leader), and for those that are in flight at the end, before
  // finish().
  virtual void call_unfinished(const decode::Call& call, Nanoseconds time, Unfinished why) = 0;
  // Every other event, in order, for a sink keeps account of tasks. `shown`: whether it is to be seen as
  // well. SyscallEnter and SyscallExit do not come here.
  virtual void event(const event::Event& event, bool shown) = 0;
  // No event follows.
  virtual void finish(Nanoseconds time) = 0;
};

// A sink that calls do not matter to.
class EventSink : public Sink {
 public:
  void call_entered(const decode::Call&) final {}
  void call_exited(const decode::Call&) final {}
  void call_unfinished(const decode::Call&, Nanoseconds, Unfinished) final {}
};

}  // namespace sonde::output
