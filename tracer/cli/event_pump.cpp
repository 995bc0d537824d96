#include "sonde/cli/event_pump.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sonde/output/heap_report.hpp"

namespace sonde::cli {

namespace {

// Told to those who keep account alone.
bool is_never_shown(const event::Event& event) {
  return std::holds_alternative<event::Module>(event.payload) ||
         std::holds_alternative<event::Stack>(event.payload) ||
         std::holds_alternative<event::FrameNames>(event.payload);
}

}  // namespace

EventPump::EventPump(Selection& selection, std::vector<output::Sink*> sinks, StackNames* stacks,
                     analysis::HeapTable* heap)
    : selection_(selection), sinks_(std::move(sinks)), stacks_(stacks), heap_(heap) {}

void EventPump::frame(Bytes frame) {
  const auto event = event::parse_frame(frame);
  if (!event) return;
  last_time_ = std::max(last_time_, event->time);
  if (std::holds_alternative<event::SyscallEnter>(event->payload)) {
    on_enter(*event, frame);
  } else if (const auto* exit = std::get_if<event::SyscallExit>(&event->payload)) {
    on_exit(*event, *exit);
  } else {
    on_other(*event);
  }
}

void EventPump::on_enter(const event::Event& event, Bytes frame) {
  InFlight& slot = calls_[event.task.tid];
  slot.frame.resize(frame.size() / sizeof(std::uint64_t));
  std::memcpy(slot.frame.data(), frame.data(), frame.size());
  const auto kept = event::parse_frame(std::as_bytes(std::span(slot.frame)));
  const auto& enter = std::get<event::SyscallEnter>(kept->payload);
  slot.call = decode::call_of(event, enter);
  const Shown shown = selection_.ask(slot.call);
  slot.active = shown != Shown::no;
  slot.shown = shown == Shown::yes;
  if (!slot.shown) return;
  for (auto* sink : sinks_) sink->call_entered(slot.call);
}

void EventPump::on_exit(const event::Event& event, const event::SyscallExit& exit) {
  const auto found = calls_.find(event.task.tid);
  if (found == calls_.end() || !std::exchange(found->second.active, false)) return;
  InFlight& slot = found->second;
  slot.call.exit = decode::CallExit{event.time, exit.ret, exit.failed, exit.snapshot};
  const bool shown = slot.shown || selection_.ask(slot.call) == Shown::yes;
  if (shown) {
    for (auto* sink : sinks_) sink->call_exited(slot.call);
  }
}

void EventPump::on_other(const event::Event& event) {
  if (stacks_ != nullptr) stacks_->apply(event);
  if (heap_ != nullptr) count_heap(event);
  if (is_never_shown(event)) return;
  selection_.observe(event);
  if (std::holds_alternative<event::TaskEnded>(event.payload)) {
    end_call(event.task.tid, event.time, output::Unfinished::died);
  } else if (std::holds_alternative<event::TaskDetached>(event.payload)) {
    end_call(event.task.tid, event.time, output::Unfinished::detached);
  } else if (const auto* exec = std::get_if<event::Exec>(&event.payload);
             exec && exec->old_tid != event.task.tid) {
    end_call(event.task.tid, event.time, output::Unfinished::died);
    if (auto node = calls_.extract(exec->old_tid)) {
      node.key() = event.task.tid;
      node.mapped().call.task.tid = event.task.tid;
      calls_.insert(std::move(node));
    }
  } else if (const auto* lost = std::get_if<event::Lost>(&event.payload)) {
    lost_ += lost->count;
  }
  const bool shown = selection_.ask(event);
  for (auto* sink : sinks_) sink->event(event, shown);
}

void EventPump::count_heap(const event::Event& event) {
  const bool is_call = std::holds_alternative<event::HeapCall>(event.payload);
  if (heap_->counts() == analysis::HeapTable::Counts::matching && is_call && !selection_.ask(event)) {
    heap_->apply_unmatched(event);
  } else {
    heap_->apply(event);
  }
}

void EventPump::end_call(pid_t tid, Nanoseconds time, output::Unfinished why) {
  const auto found = calls_.find(tid);
  if (found == calls_.end()) return;
  tell_unfinished(found->second, time, why);
  calls_.erase(found);
}

void EventPump::tell_unfinished(const InFlight& slot, Nanoseconds time, output::Unfinished why) {
  if (!slot.active || (!slot.shown && !selection_.ask(slot.call, time, why))) return;
  for (auto* sink : sinks_) sink->call_unfinished(slot.call, time, why);
}

// An allocator that nobody watches is silent.
void EventPump::tell_unseen_growth() {
  if (heap_ == nullptr) return;
  for (const analysis::ProcessHeap* heap : heap_->heaps()) {
    const std::string text = output::unseen_growth_text(*heap);
    if (text.empty()) continue;
    const event::Event note{last_time_, {heap->pid(), heap->pid()}, event::Note{text}};
    for (auto* sink : sinks_) sink->event(note, true);
  }
}

void EventPump::finish() {
  for (auto& [tid, slot] : calls_) {
    tell_unfinished(slot, last_time_, output::Unfinished::cut);
  }
  calls_.clear();
  tell_unseen_growth();
  for (auto* sink : sinks_) sink->finish(last_time_);
}

}  // namespace sonde::cli
