// What a watch of heaps shows meanwhile on a terminal: one line, written over itself.
#pragma once

#include <cstdint>
#include <string>

#include "sonde/analysis/heap_table.hpp"
#include "sonde/base/types.hpp"

namespace sonde::output {

// "sonde: 12 s, 1,234,567 calls, 98,000 a second; 4.5 MiB live in 1,234 blocks".
std::string heap_progress_text(const analysis::HeapTable& table, Nanoseconds running,
                               std::uint64_t calls_a_second);

// Calls of allocators that the table has counted.
std::uint64_t heap_calls(const analysis::HeapTable& table);

class HeapProgress {
 public:
  // Writes to the terminal `fd`, which it does not own. `table` must outlive it.
  HeapProgress(int fd, const analysis::HeapTable& table) : fd_(fd), table_(&table) {}

  // Shows the line, anew when a second has passed. No longer than the terminal is wide.
  void show(Nanoseconds time);
  // Takes the line away: something else is to be written there.
  void hide();

 private:
  int fd_;
  const analysis::HeapTable* table_;
  Nanoseconds began_ = 0;  // When it was asked first: the watch has begun.
  Nanoseconds last_ = 0;
  std::uint64_t calls_ = 0;  // At `last_`.
  bool shown_ = false;
};

}  // namespace sonde::output
