#include "cli/growth_sink.hpp"

#include <fmt/format.h>

#include "sonde/base/limits.hpp"
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
  if (heap == nullptr || !make_room()) return;
  growths_.try_emplace(heap->id(), *heap, time);
}

// Of too many processes those that have ended are dropped, the one with the fewest rounds first.
bool GrowthSink::make_room() {
  if (growths_.size() < limits::growth_heaps) return true;
  auto fewest = growths_.end();
  for (const analysis::ProcessHeap* heap : table_.heaps()) {
    const auto found = growths_.find(heap->id());
    if (found == growths_.end() || heap->how_ended() == analysis::HeapEnd::running) continue;
    if (fewest == growths_.end() || found->second.count() < fewest->second.count()) fewest = found;
  }
  if (fewest != growths_.end()) growths_.erase(fewest);
  ++left_out_;
  return growths_.size() < limits::growth_heaps;
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
  if (const auto found = growths_.find(heap->id()); found != growths_.end())
    return found->second.end_round(*heap, time);
  begin(pid, time);
  auto* growth = growth_of(pid);
  if (growth != nullptr && !heap->memory().empty()) growth->note_resident(heap->memory().last().use.resident);
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
    if (found != growths_.end() && found->second.last_ended() < time) found->second.end_round(*heap, time);
  }
}

void GrowthSink::report(Nanoseconds time) {
  catch_up(time);
  found_ = false;
  output::GrowthReportOptions options = settings_.report;
  options.interval = settings_.interval.value_or(automatic_interval);
  options.one_by_one = settings_.rounds != Rounds::time || settings_.interval.has_value();
  bool any = false;
  for (const analysis::ProcessHeap* heap : table_.heaps()) {
    const auto kept = growths_.find(heap->id());
    if (kept == growths_.end() && settings_.rounds != Rounds::function) continue;
    // A process that has not called the function yet has had no round.
    std::optional<analysis::HeapGrowth> none;
    const analysis::HeapGrowth& growth = kept == growths_.end() ? none.emplace(*heap, time) : kept->second;
    found_ |= output::grows(growth);
    if (any && !settings_.json) out_.buffer() += '\n';
    any = true;
    write(*heap, growth, options, time);
  }
  if (!any && !settings_.json) out_.buffer() += "No call of an allocator was seen.\n";
  if (left_out_ != 0 && !settings_.json)
    out_.buffer() += fmt::format("\n{} more processes are left out\n", left_out_);
  out_.commit();
}

void GrowthSink::write(const analysis::ProcessHeap& heap, const analysis::HeapGrowth& growth,
                       const output::GrowthReportOptions& options, Nanoseconds time) {
  const auto frames = [&](const analysis::ProcessHeap::Site& site) {
    return frames_.frames(site.stack, site.function, heap.pid());
  };
  const output::GrowthReportSource source{heap, growth, frames, time};
  out_.buffer() += settings_.json ? output::growth_report_json(source, options)
                                  : output::growth_report_text(source, options);
}

void GrowthSink::finish(Nanoseconds time) { report(time); }

}  // namespace sonde::cli
