// Looks for leaks whenever the tracer has copied the memory of a process whose heap was watched.
#pragma once

#include <unordered_map>
#include <vector>

#include "cli/leak_check.hpp"
#include "sonde/analysis/heap_table.hpp"
#include "sonde/cli/stack_names.hpp"
#include "sonde/output/sink.hpp"
#include "sonde/output/stream.hpp"

namespace sonde::cli {

// What the stacks of a table's heaps are called, as suppressions and reports have them.
class HeapFrames {
 public:
  HeapFrames(const analysis::HeapTable& table, const StackNames& names) : table_(table), names_(names) {}

  // Valid until the next call. `function`: the allocator's, which is the innermost frame.
  std::span<const suppress::Frame> frames(analysis::HeapStackId stack, std::uint16_t function, pid_t pid);

 private:
  struct Owned {
    std::string linkage_name, function, file, module;
    std::uint32_t line;
    bool inlined;
  };
  const analysis::HeapTable& table_;
  const StackNames& names_;
  std::vector<Owned> owned_;
  std::vector<suppress::Frame> frames_;
};

class LeakSink final : public output::EventSink {
 public:
  // `table` and `names` are told of each event before. What the tracer has to say goes to standard error.
  LeakSink(output::Stream& out, int memory_file, LeakCheck check, const analysis::HeapTable& table,
           const StackNames& names);

  void event(const event::Event& event, bool shown) override;
  void finish(Nanoseconds time) override;
  bool found() const { return check_.found(); }

 private:
  void on_copied(TaskId task, const event::MemoryCopied& copied);
  void write();
  LeakSubject subject_of(const analysis::ProcessHeap& heap);

  output::Stream& out_;
  int memory_file_;
  LeakCheck check_;
  const analysis::HeapTable& table_;
  HeapFrames frames_;
};

}  // namespace sonde::cli
