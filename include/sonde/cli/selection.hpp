// Which events are shown: the filter of the command line, asked with what is known of the tasks.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "sonde/analysis/heap_table.hpp"
#include "sonde/cli/settings.hpp"
#include "sonde/cli/stack_fields.hpp"
#include "sonde/cli/stack_names.hpp"
#include "sonde/decode/call.hpp"
#include "sonde/event/event.hpp"
#include "sonde/filter/evaluate.hpp"
#include "sonde/filter/event_fields.hpp"
#include "sonde/output/sink.hpp"

namespace sonde::cli {

enum class Shown { no, yes, undecided };

class Selection {
 public:
  // `stacks` and `heap` may be null; must outlive the selection otherwise, and be told of each event before
  // it is asked about.
  Selection(const Settings& settings, StackNames* stacks, const analysis::HeapTable* heap = nullptr);

  // Keeps account of processes and their names; to be told of every event that is no system call, before
  // asking about it.
  void observe(const event::Event& event);

  // Of a call at its entry (undecided: ask again) or exit.
  Shown ask(const decode::Call& call) const;
  // Of a call that will not return.
  bool ask(const decode::Call& call, Nanoseconds time, output::Unfinished why) const;
  // Of any other event.
  bool ask(const event::Event& event) const;

 private:
  struct Names {
    std::string comm;
    std::string exe;
  };

  filter::Origin origin(TaskId task, Nanoseconds time) const;
  bool ask(const event::HeapCall& call, filter::Origin from) const;
  filter::CallView view(const decode::Call& call, filter::CallState state) const;

  // Made for one question, where the event has a stack.
  std::optional<StackFields> stack_of(std::uint32_t id, pid_t pid) const;

  std::optional<filter::TypedExpr> expression_;
  std::optional<filter::TypedExpr> calls_;  // Of system calls.
  StackNames* stacks_;
  const analysis::HeapTable* heap_;
  const bool system_calls_;
  const bool signals_;
  const bool processes_;
  const bool heap_calls_;
  Nanoseconds start_ = 0;
  std::unordered_map<pid_t, Names> names_;  // By pid.
};

}  // namespace sonde::cli
