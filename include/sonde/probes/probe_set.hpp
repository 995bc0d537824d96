// The breakpoints of one address space.
//
// A breakpoint is an int3 in the place of an instruction's first byte, put in once and left in: the
// instruction itself runs in a slot, a few bytes of the module that nothing else uses, from where it jumps
// back. So no other thread ever finds a breakpoint taken out for a moment.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

#include "sonde/arch/code.hpp"
#include "sonde/probes/patch_table.hpp"
#include "sonde/probes/text.hpp"

namespace sonde::probes {

// What a breakpoint is there for; its owner says what the number means.
using Tag = std::uint32_t;

struct Probe {
  Address address;
  Address resume;  // Where a task goes on that has hit it.
  Tag tag = 0;
  std::uint8_t size = 0;  // Of the instruction.
  Patch* patch = nullptr;
};

// Where a task goes on that has run into the breakpoint: in the slot, or behind an instruction that needs
// none.
Address resumes_at(const Patch& patch);

// Where a task is in the program's own code whose pc is in the slot: at the instruction, or behind it. Empty
// for a pc that is not in it.
std::optional<Address> outside_slot(const Patch& patch, Address pc);

// Puts the byte back, unless the memory is not ours any more: then false.
bool restore_text(const Text& text, const Patch& patch);
// Whether the slot was written for a breakpoint that is not in the text yet, or not any more.
bool has_slot_alone(const Text& text, const Patch& patch);
// Puts back what stood in the slot. To be called when no task is in the slot, and only after one of these
// was true.
void clear_slot(const Text& text, const Patch& patch);

// Executable memory near code that nothing uses and nothing runs through: zeros behind the end of a module's
// code, or what fills up the space between two functions.
struct SlotArea {
  Address begin;
  Address end;
};

// Every task of the process must be traced while a breakpoint is in: one without a tracer dies of it.
class ProbeSet {
 public:
  ProbeSet(pid_t pid, PatchTable& table) : pid_(pid), table_(table) {}
  // Forgets the breakpoints: for a process that has ended or executed a program. restore() takes them out.
  ~ProbeSet();
  ProbeSet(const ProbeSet&) = delete;
  ProbeSet& operator=(const ProbeSet&) = delete;

  // The breakpoints of a process that has been forked off this one's: its memory has them already.
  // Null when the table has no room for them.
  std::unique_ptr<ProbeSet> copy_for(pid_t child) const;
  // Takes them out of the memory of such a process, which must not have run yet.
  void clean(pid_t child) const;
  // How many of them are in the memory of a process.
  std::size_t count_in(pid_t pid) const;

  // Puts a breakpoint in where `code` stands, the instruction and what follows it. The slot is taken from the
  // beginning of the first of `areas` that has room; while none has, `more` is asked for further ones, which
  // it appends to them, until it says false. The process may run. False, with nothing changed, when the
  // memory is not what `code` says, there is no room, or the instruction cannot run elsewhere.
  bool insert(const arch::Code& decoder, Address at, Bytes code, Tag tag, std::vector<SlotArea>& areas,
              const std::function<bool()>& more);
  // Takes all those in [begin, end) out of the set, and out of memory where that still has them.
  void remove(Address begin, Address end);
  // Puts all text and all slots back as they were, but for what is not ours any more. All tasks must be
  // stopped, with their pcs outside of slots and behind no breakpoint; or inside of the kernel.
  void restore();

  // Its process has ended, and this one has the same memory still; with 0 nobody has, and the set only tells
  // what was in that.
  void hand_over(pid_t pid);

  // For settle().
  std::vector<const Patch*> patches() const;

  bool empty() const { return probes_.empty(); }
  std::size_t size() const { return probes_.size(); }
  const Probe* at(Address address) const;

  std::optional<Address> outside_slots(Address pc) const;

 private:
  struct Slot {
    std::vector<std::byte> bytes;  // The mark, and what follows it.
    std::uint32_t executed_at;     // As in Patch.
    SlotArea* area;
  };
  static std::optional<Slot> find_slot(const arch::Code& decoder, Address at, Bytes code,
                                       std::vector<SlotArea>& areas, const std::function<bool()>& more);

  pid_t pid_;
  PatchTable& table_;
  std::unordered_map<std::uint64_t, Probe> probes_;
};

}  // namespace sonde::probes
