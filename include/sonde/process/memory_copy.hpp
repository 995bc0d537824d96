// A copy of what a process holds in memory, made at once while it stands still.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"
#include "sonde/process/copy_space.hpp"

namespace sonde::process {

// Consecutive bytes of the process, which stand at `offset` of the file with the copies, or of the space.
struct CopiedRun {
  std::uint64_t begin;
  std::uint64_t size;
  std::uint64_t offset;
};

// What was copied, in the order of addresses. Pages that the process has never touched hold nothing and are
// left out; so is what vanished, or cannot be read.
struct MemoryCopy {
  std::vector<CopiedRun> runs;
  std::string maps;         // /proc/PID/maps, as it was then. Untrusted text.
  std::uint64_t bytes = 0;  // Of all runs.
  // Bytes of mappings beyond limits::copied_mapping_bytes, where the kernel must be asked about each of their
  // pages.
  std::uint64_t left_out = 0;
};

// How many bytes of copies the machine has memory for without anybody else, the process above all, having to
// make room: three quarters of what /proc/meminfo (proc(5)) calls MemAvailable. 0 where it does not tell.
std::uint64_t room_for_copies();

// Copies the writable mappings of a process, but for those of devices and the kernel's own, and what it has
// changed of those that it can only read (relocated tables), into a file
// (memfd_create(2)) from `offset` on, which must be a multiple of the page size. All tasks that have this
// memory must be stopped; `tid` is one of them. Which pages there are is asked of /proc/PID/pagemap, so that
// a large mapping of which little is used costs little (its ioctl PAGEMAP_SCAN, or before Linux 6.7 its
// entries).
//
// Fails when there is more than `room` bytes, when the file cannot take it, or /proc does not tell.
Result<MemoryCopy> copy_memory(pid_t tid, int file, std::uint64_t offset, std::uint64_t room);

// How much that would be now: also of a process that runs. Fails as well beyond `room`.
Result<std::uint64_t> bytes_to_copy(pid_t tid, std::uint64_t room);
// The same into memory of our own, which is made as large as it must be; by two threads, so that the process
// stands for a shorter time. Best made ready before.
Result<MemoryCopy> copy_memory(pid_t tid, CopySpace& space, std::uint64_t room);

}  // namespace sonde::process
