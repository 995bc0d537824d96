#include "cli/growth_sink.hpp"

#include <algorithm>

#include "sonde/cli/message.hpp"

namespace sonde::cli {

namespace {

// Rounds of which nobody said how long they are: as many are merged as make a few dozen of them.
constexpr Nanoseconds automatic_interval = 50'000'000;

}  // namespace

GrowthSink::GrowthSink(output::Stream& out, const GrowthSettings& settings, const analysis::HeapTable& table,
                       const StackNames& names)
    : out_(out), settings_(settings), table_(table), frames_(table, names) {}

analysis::HeapGrowth* GrowthSink::growth_of(pid_t pid) {
  const analysis::ProcessHeap* heap = table_.heap_of(pid);
  const auto found = heap == nullptr ? growths_.end() : growths_.find(heap->id());
  return found == growths_.end() ? nullptr : &found->second;
}

void GrowthSink::begin(pid_t pid, Nanoseconds time) {
  const analysis::ProcessHeap* heap = table_.heap_of(pid);
  if (heap != nullptr) growths_.try_emplace(heap->id(), *heap, time);
}

void GrowthSink::event(const event::Event& event, bool) {
  catch_up(event.time);
  const pid_t pid = event.task.pid;
  if (const auto* note = std::get_if<event::Note>(&event.payload)) {
    complain(note->text);
  } else if (const auto* use = std::get_if<event::MemoryUse>(&event.payload)) {
    if (auto* growth = growth_of(pid)) growth->note_resident(use->resident);
  } else if (std::holds_alternative<event::RoundBegan>(event.payload)) {
    on_entered(pid, event.time);
  } else if (std::holds_alternative<event::TaskStarted>(event.payload) ||
             std::holds_alternative<event::Exec>(event.payload)) {
    if (settings_.rounds != Rounds::function) begin(pid, event.time);
  }
}

// The first call begins the first round; each other one ends a round and begins the next.
void GrowthSink::on_entered(pid_t pid, Nanoseconds time) {
  const analysis::ProcessHeap* heap = table_.heap_of(pid);
  if (heap == nullptr) return;
  const auto [at, is_new] = growths_.try_emplace(heap->id(), *heap, time);
  if (is_new && !heap->memory().empty()) at->second.note_resident(heap->memory().last().use.resident);
  if (!is_new) at->second.end_round(*heap, time);
}

void GrowthSink::catch_up(Nanoseconds time) {
  if (settings_.rounds != Rounds::time) return;
  const Nanoseconds interval = settings_.interval.value_or(automatic_interval);
  if (!next_) next_ = time + interval;
  for (; *next_ <= time; *next_ += interval) end_round(*next_);
}

void GrowthSink::end_round(Nanoseconds time) {
  for (const analysis::ProcessHeap* heap : table_.heaps()) {
    if (heap->how_ended() != analysis::HeapEnd::running) continue;
    const auto found = growths_.find(heap->id());
    if (found != growths_.end() && found->second.rounds().back().ended < time)
      found->second.end_round(*heap, time);
  }
}

void GrowthSink::report(Nanoseconds time) {
  output::GrowthReportOptions options = settings_.report;
  options.interval = settings_.interval.value_or(automatic_interval);
  options.one_by_one = settings_.rounds != Rounds::time || settings_.interval.has_value();
  for (const analysis::ProcessHeap* heap : table_.heaps()) {
    auto found = growths_.find(heap->id());
    if (found == growths_.end() && settings_.rounds == Rounds::function)
      found = growths_.try_emplace(heap->id(), *heap, time).first;
    if (found == growths_.end()) continue;
    found_ |= output::grows(found->second);
    const auto frames = [&](const analysis::ProcessHeap::Site& site) {
      return frames_.frames(site.stack, site.function, heap->pid());
    };
    const output::GrowthReportSource source{*heap, found->second, frames, time};
    if (settings_.json) {
      out_.buffer() += output::growth_report_json(source, options);
    } else {
      if (heap != table_.heaps().front()) out_.buffer() += '\n';
      out_.buffer() += output::growth_report_text(source, options);
    }
  }
  out_.commit();
}

void GrowthSink::finish(Nanoseconds time) { report(time); }

}  // namespace sonde::cli
