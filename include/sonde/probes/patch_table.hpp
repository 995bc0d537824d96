// Every byte of tracees' memory that was changed, in memory that survives the tracer: its parent, the keeper,
// shares it and can undo what a tracer that was killed has left behind.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <sys/types.h>
#include <vector>

#include "sonde/arch/code.hpp"
#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"

namespace sonde::probes {

// A breakpoint: a byte of text that was replaced by int3, and the slot where its instruction runs instead.
struct Patch {
  std::atomic<pid_t> pid;    // 0: in nobody's memory. Written last, and before the text is.
  std::uint8_t original;     // The byte that stood at `address`.
  std::uint8_t size;         // Of the instruction at `address`.
  std::uint8_t executed_at;  // A pc at slot + executed_at has run it; 0 where it leads elsewhere by itself.
  std::uint8_t slot_size;    // 0: it needs no slot.
  std::uint64_t address;
  std::uint64_t slot;
  std::byte slot_original[arch::moved_instruction_bytes];  // What stood there.
};
static_assert(std::atomic<pid_t>::is_always_lock_free);

// Rows are claimed and released by the tracer alone.
class PatchTable {
 public:
  // Maps the table. To be called before the tracer is forked.
  static Result<PatchTable> make();
  PatchTable(PatchTable&& other) noexcept;
  PatchTable& operator=(PatchTable&&) = delete;
  ~PatchTable();

  // A free row, filled with these but not taken into account yet: set its pid for that. nullptr when the
  // table is full.
  Patch* claim(Address address, std::uint8_t original);
  void release(Patch* patch);

  // All rows that were ever claimed.
  std::span<Patch> rows() const;

 private:
  struct Shared;
  explicit PatchTable(Shared* shared) : shared_(shared) {}

  Shared* shared_;
  std::vector<Patch*> free_;
};

}  // namespace sonde::probes
