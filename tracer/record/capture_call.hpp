// The call whose memory Capture copies, and how numbers are read from what was copied.
#pragma once

#include <cstring>

#include "sonde/memory/process_memory.hpp"
#include "sonde/record/capture.hpp"
#include "sonde/record/message_layout.hpp"

namespace sonde::record {

struct Capture::Call {
  TaskId task;
  const ptrace::SyscallEntry& entry;
  const syscall::Row& row;
  const ptrace::SyscallResult* result;  // nullptr at the entry.
  memory::ProcessMemory memory;

  std::size_t word() const { return word_size(entry.abi); }
  const MsghdrLayout& msghdr() const { return msghdr_layout(entry.abi); }
  bool at_exit() const { return result != nullptr; }
  // What the kind's direction asks to be copied at this stop, and all of it.
  bool wants(syscall::Kind kind) const;
};

// The integer of `size` bytes at `offset`; 0 beyond the end.
inline std::uint64_t load(Bytes bytes, std::size_t offset, std::size_t size) {
  std::uint64_t value = 0;
  if (offset + size <= bytes.size()) std::memcpy(&value, bytes.data() + offset, size);
  return value;
}

// Data without a bound on how much of it there is.
inline constexpr std::uint64_t no_budget = ~std::uint64_t{0};

// How far a first read of a string may go: strings end near where they begin, and the page behind may not
// exist.
std::size_t first_chunk(Address address, std::size_t limit, std::size_t chunk);

}  // namespace sonde::record
