// From frames to outputs: pairs each call's entry with its exit, asks the filter, tells the sinks. The same
// for a live trace and for a report.
#pragma once

#include <unordered_map>
#include <vector>

#include "sonde/cli/selection.hpp"
#include "sonde/cli/stack_names.hpp"
#include "sonde/decode/call.hpp"
#include "sonde/event/event.hpp"
#include "sonde/output/sink.hpp"

namespace sonde::cli {

class EventPump {
 public:
  // All must outlive the pump; `stacks` and `heap` may be null.
  EventPump(Selection& selection, std::vector<output::Sink*> sinks, StackNames* stacks,
            analysis::HeapTable* heap = nullptr);

  // One whole frame, aligned to 8. Unknown or malformed ones are passed over.
  void frame(Bytes frame);
  // No frame follows: calls in flight are told as cut, and the sinks finish.
  void finish();

  // Events that were left out, as the tracer counted them.
  std::uint64_t lost() const { return lost_; }

 private:
  // A call that has not returned. Its slot is kept for the task's next call, so that none is allocated a
  // call.
  struct InFlight {
    std::vector<std::uint64_t> frame;  // The entry's frame, copied.
    decode::Call call;
    bool active = false;
    bool shown = false;  // The sinks were told of the entry; otherwise the filter needs the exit.
  };

  void on_enter(const event::Event& event, Bytes frame);
  void on_exit(const event::Event& event, const event::SyscallExit& exit);
  void on_other(const event::Event& event);
  void count_heap(const event::Event& event);
  void tell_unseen_growth();
  void tell_unfinished(const InFlight& slot, Nanoseconds time, output::Unfinished why);
  void end_call(pid_t tid, Nanoseconds time, output::Unfinished why);

  Selection& selection_;
  std::vector<output::Sink*> sinks_;
  StackNames* stacks_;
  analysis::HeapTable* heap_;
  std::unordered_map<pid_t, InFlight> calls_;
  Nanoseconds last_time_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace sonde::cli
