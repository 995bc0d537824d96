// Copies the memory of processes that are about to end, or to be left, or looked at, for those who look for
// leaks in it.
#pragma once

#include <cstdint>
#include <span>
#include <sys/types.h>
#include <unordered_map>

#include "sonde/process/memory_image.hpp"
#include "sonde/record/event_writer.hpp"

namespace sonde::record {

// Adds what a stopped task has in hand.
void append_state(pid_t tid, process::MemoryImage& image);
void append_state(pid_t tid, const arch::Registers& registers, process::MemoryImage& image);

class MemoryCopier {
 public:
  // `file`: where the images go, shared with the console, which gives back what it has used up.
  MemoryCopier(int file, EventWriter& events) : file_(file), events_(events) {}

  // The task stands at a stop: what it has in hand belongs to the next image of its process.
  void take_state(TaskId task);
  // The same of a task that is gone, which had these registers last, in code of its own.
  void take_state(TaskId task, const arch::Registers& registers);
  // Copies the memory of the task's process, which nobody can change now, and tells of it. `held`: tasks of
  // the process at a stop whose state has not been taken. What was taken is kept where the process goes on.
  void copy(TaskId task, event::CopyReason reason, std::span<const pid_t> held);
  // That the console has not given back yet.
  bool has_images() const;
  // The process is gone, or executes another program.
  void forget(pid_t pid) { images_.erase(pid); }

 private:
  std::uint64_t room() const;
  int file_;
  EventWriter& events_;
  std::uint64_t end_ = 0;  // Of what was written; a multiple of the page size.
  std::unordered_map<pid_t, process::MemoryImage> images_;  // Threads, until the memory is copied.
};

}  // namespace sonde::record
