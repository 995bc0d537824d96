// Every byte of tracees' memory that was changed, in memory that survives the tracer: its parent, the keeper,
// shares it and can undo what a tracer that was killed has left behind.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <sys/types.h>
#include <vector>

#include "sonde/arch/code.hpp"
#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"
#include "sonde/ptrace/remote_call.hpp"

namespace sonde::probes {

// What stands before the instruction in a slot: a task whose pc is behind such a byte has been sent there,
// and has not just run into an int3. (endbr64, which needs no slot, ends with another.)
inline constexpr std::byte slot_mark{0x90};
inline constexpr std::size_t slot_bytes = 1 + arch::moved_instruction_bytes;  // No slot is larger.

// A breakpoint: a byte of text that was replaced by int3, and the slot where its instruction runs instead.
struct Patch {
  std::atomic<pid_t> pid;    // 0: in nobody's memory. Written last, and before the text is.
  std::uint8_t original;     // The byte that stood at `address`.
  std::uint8_t size;         // Of the instruction at `address`.
  std::uint8_t executed_at;  // A pc at slot + executed_at has run it; 0 where it leads elsewhere by itself.
  std::uint8_t slot_size;    // 0: it needs no slot.
  std::uint64_t address;
  std::uint64_t slot;                   // The mark; behind it the instruction.
  std::byte slot_original[slot_bytes];  // What stood there.
};
static_assert(std::atomic<pid_t>::is_always_lock_free);

inline constexpr std::size_t handler_code_bytes = 44;

// The code of a TrapHandler in a process's memory.
struct HandlerRow {
  std::atomic<pid_t> pid;  // 0: in nobody's. Written last, and before the memory is.
  std::uint64_t code;
  bool ignored;                                        // What SIGTRAP was before: ignored, or as by default.
  std::array<std::byte, handler_code_bytes> original;  // What stood there.
  ptrace::InterruptedTask calling;                     // The task that sets the handler, or takes it away.
};

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

  // The same for handlers.
  HandlerRow* claim_handler(Address code, bool ignored,
                            const std::array<std::byte, handler_code_bytes>& original);
  void release(HandlerRow* row);

  // All rows that were ever claimed.
  std::span<Patch> rows() const;
  std::span<HandlerRow> handlers() const;

 private:
  struct Shared;
  explicit PatchTable(Shared* shared) : shared_(shared) {}

  Shared* shared_;
  std::vector<Patch*> free_;
  std::vector<HandlerRow*> free_handlers_;
};

}  // namespace sonde::probes
