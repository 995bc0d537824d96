// The memory of a live process, through process_vm_readv(2).
#pragma once

#include <cstddef>
#include <span>
#include <sys/types.h>

#include "sonde/base/memory_reader.hpp"

namespace sonde::memory {

// Whether two tasks have one memory, as threads do and a child of vfork. False when one of them has ended.
bool same_memory(pid_t a, pid_t b);

// One piece to copy; `done` says afterwards how many bytes from its start could be read.
struct Piece {
  Address address;
  std::span<std::byte> into;
  std::size_t done = 0;
};

// Any state of the process; what is read is consistent only while its tasks are stopped. `pid` may be any of
// its tasks. Needs the permission that tracing it needs. Holds no descriptor, so an exec does not make it
// stale.
class ProcessMemory final : public MemoryReader {
 public:
  explicit ProcessMemory(pid_t pid) : pid_(pid) {}

  std::size_t read(Address address, std::span<std::byte> into) const override;

  // Reads all pieces (at most 64) with one system call when all of them are readable, otherwise with one more
  // for each piece that is not: an unreadable piece costs its own bytes only.
  void read_pieces(std::span<Piece> pieces) const;

 private:
  pid_t pid_;
};

}  // namespace sonde::memory
