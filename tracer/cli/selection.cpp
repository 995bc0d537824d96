#include "sonde/cli/selection.hpp"

namespace sonde::cli {

Selection::Selection(const Settings& settings, StackNames* stacks, const analysis::HeapTable* heap)
    : expression_(settings.selection),
      calls_(settings.calls),
      stacks_(stacks),
      heap_(heap),
      system_calls_(settings.shows("syscalls") || settings.shows("mappings")),
      signals_(settings.shows("signals")),
      processes_(settings.shows("processes")),
      heap_calls_(settings.shows("heap")) {}

void Selection::observe(const event::Event& event) {
  const pid_t pid = event.task.pid;
  if (std::holds_alternative<event::Session>(event.payload)) {
    start_ = event.time;
  } else if (const auto* name = std::get_if<event::TaskName>(&event.payload)) {
    names_[pid] = {std::string(name->comm), std::string(name->exe)};
  } else if (const auto* started = std::get_if<event::TaskStarted>(&event.payload)) {
    // A forked process goes by its parent's names until it executes another program.
    const auto parent = names_.find(started->parent_tid);
    if (event.task.tid == pid && parent != names_.end()) names_.try_emplace(pid, parent->second);
  }
}

filter::Origin Selection::origin(TaskId task, Nanoseconds time) const {
  filter::Origin origin{task, time - start_};
  if (const auto names = names_.find(task.pid); names != names_.end()) {
    origin.comm = names->second.comm;
    origin.exe = names->second.exe;
  }
  return origin;
}

std::optional<StackFields> Selection::stack_of(std::uint32_t id, pid_t pid) const {
  if (stacks_ == nullptr || id == 0) return std::nullopt;
  const stacks::Stack* stack = stacks_->source().book.stack(id);
  if (stack == nullptr) return std::nullopt;
  return std::optional<StackFields>(std::in_place, *stack, pid, stacks_->source().namer, stacks_->skip());
}

filter::CallView Selection::view(const decode::Call& call, filter::CallState state) const {
  filter::CallView view{.origin = origin(call.task, call.enter_time),
                        .abi = call.abi,
                        .nr = call.nr,
                        .row = call.row,
                        .args = call.args,
                        .entered = call.entered,
                        .state = state};
  if (call.exit) {
    view.ret = call.exit->ret;
    view.failed = call.exit->failed;
    view.duration = call.exit->time - call.enter_time;
  }
  return view;
}

Shown Selection::ask(const decode::Call& call) const {
  if (!system_calls_) return Shown::no;
  if (!calls_) return Shown::yes;
  const auto state = call.exit ? filter::CallState::returned : filter::CallState::entered;
  filter::CallView seen = view(call, state);
  const auto stack = stack_of(call.entered.stack(), call.task.pid);
  if (stack) seen.origin.stack = &*stack;
  switch (filter::evaluate(*calls_, filter::CallFields(seen))) {
    case filter::Verdict::yes:
      return Shown::yes;
    case filter::Verdict::pending:
      return Shown::undecided;
    case filter::Verdict::no:
    case filter::Verdict::unknown:
      break;
  }
  return Shown::no;
}

bool Selection::ask(const decode::Call& call, Nanoseconds time, output::Unfinished why) const {
  if (!system_calls_) return false;
  if (!calls_) return true;
  filter::CallView seen = view(call, why == output::Unfinished::detached ? filter::CallState::detached
                                                                         : filter::CallState::unfinished);
  seen.duration = time - call.enter_time;
  const auto stack = stack_of(call.entered.stack(), call.task.pid);
  if (stack) seen.origin.stack = &*stack;
  return filter::evaluate(*calls_, filter::CallFields(seen)) == filter::Verdict::yes;
}

bool Selection::ask(const event::HeapCall& call, filter::Origin from) const {
  // What a resize gives up is told with its result.
  if (!heap_calls_ || call.left_out || call.operation == event::HeapOperation::give_up) return false;
  if (!expression_) return true;
  const auto stack = stack_of(call.snapshot.stack(), from.task.pid);
  if (stack) from.stack = &*stack;
  const auto age = heap_ != nullptr ? heap_->last().age(from.since_start + start_) : std::nullopt;
  return filter::evaluate(*expression_, filter::HeapFields(from, {call, age})) == filter::Verdict::yes;
}

bool Selection::ask(const event::Event& event) const {
  filter::Origin from = origin(event.task, event.time);
  if (const auto* heap = std::get_if<event::HeapCall>(&event.payload)) return ask(*heap, from);
  if (const auto* signal = std::get_if<event::Signal>(&event.payload)) {
    if (!signals_) return false;
    const auto stack = stack_of(signal->snapshot.stack(), event.task.pid);
    if (stack) from.stack = &*stack;
    return !expression_ ||
           filter::evaluate(*expression_, filter::SignalFields(from, signal->info)) == filter::Verdict::yes;
  }
  if (std::holds_alternative<event::Lost>(event.payload) ||
      std::holds_alternative<event::Note>(event.payload)) {
    return true;
  }
  // An expression hides no crash.
  if (std::holds_alternative<event::Crash>(event.payload) ||
      std::holds_alternative<event::ThreadStack>(event.payload)) {
    return signals_;
  }
  if (!processes_) return false;
  return !expression_ ||
         filter::evaluate(*expression_, filter::OriginFields(from, filter::EventKind::process)) ==
             filter::Verdict::yes;
}

}  // namespace sonde::cli
