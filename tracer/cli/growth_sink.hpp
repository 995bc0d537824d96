// Looks, round by round, how the heaps of a trace develop, and reports it.
#pragma once

#include <optional>
#include <unordered_map>

#include "cli/leak_sink.hpp"
#include "sonde/analysis/heap_growth.hpp"
#include "sonde/output/growth_report.hpp"

namespace sonde::cli {

class GrowthSink final : public output::EventSink {
 public:
  // `table` and `names` are told of each event before. What the tracer has to say goes to standard error.
  GrowthSink(output::Stream& out, const GrowthSettings& settings, const analysis::HeapTable& table,
             const StackNames& names);

  void event(const event::Event& event, bool shown) override;
  void finish(Nanoseconds time) override;
  // Writes what there is to say so far; more events may follow.
  void report(Nanoseconds time);
  // A round ends, where the user says so.
  void end_round(Nanoseconds time);
  // Whether a stack grows steadily, at the end.
  bool found() const { return found_; }

 private:
  using Rounds = GrowthSettings::Rounds;

  analysis::HeapGrowth* growth_of(pid_t pid);
  void begin(pid_t pid, Nanoseconds time);
  bool make_room();
  void write(const analysis::ProcessHeap& heap, const analysis::HeapGrowth& growth,
             const output::GrowthReportOptions& options, Nanoseconds time);
  void on_entered(pid_t pid, Nanoseconds time);
  // Ends the rounds that time ends up to `time`.
  void catch_up(Nanoseconds time);

  output::Stream& out_;
  const GrowthSettings& settings_;
  const analysis::HeapTable& table_;
  HeapFrames frames_;
  std::unordered_map<std::uint32_t, analysis::HeapGrowth> growths_;  // By ProcessHeap::id().
  std::optional<Nanoseconds> next_;                                  // When the round ends, by time.
  std::uint64_t left_out_ = 0;
  bool found_ = false;
};

}  // namespace sonde::cli
