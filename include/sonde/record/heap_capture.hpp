// Watches allocators: puts breakpoints on their functions and makes events of what they report.
//
// A call that returns a block stops its task twice, at the entry and at the end; one that releases a block
// once. At an entry the stack is as the caller left it, and at an end rax has the result; nothing on the
// stack is changed.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sonde/probes/probe_set.hpp"
#include "sonde/probes/trap_handler.hpp"
#include "sonde/process/proc_fs.hpp"
#include "sonde/record/event_writer.hpp"
#include "sonde/record/heap_plan.hpp"
#include "sonde/record/memory_timer.hpp"
#include "sonde/record/options.hpp"
#include "sonde/record/site_limiter.hpp"
#include "sonde/record/task.hpp"

namespace sonde::record {

class HeapCapture {
 public:
  // Fails without capstone.
  static Result<HeapCapture> make(const Options& options, EventWriter& events, probes::PatchTable& table);

  // A process is traced, all its tasks, or has just executed a program: it is to be watched from its next
  // stop on. No task may run the program's code before that.
  void is_to_watch(TaskId task);
  bool is_to_be_watched(pid_t pid) const;
  // Puts breakpoints in, after the task has set the handler of SIGTRAP for its process. It must stand where
  // ptrace::can_call(). The outcome is to be treated as the stop that was given.
  ptrace::WaitOutcome watch(const Task& task, ptrace::Stop stop);
  // A process was made by another, whose breakpoints are in its memory too. It must not have run yet.
  void inherit(pid_t child, TaskId parent);
  // The same of a process of which nobody knows who has made it; perhaps one that has ended since. That one's
  // pid, if its memory tells: whose breakpoints are in it.
  std::optional<pid_t> recognise(pid_t child);
  // A process has ended, or executes another program.
  void forget(pid_t pid);

  // Tells how much memory the processes have, where it is time to. Cheap where it is not: to be called before
  // every sleep, which ends when it is time.
  void tell_memory();

  // The last task of a process is about to end: the last moment to look how large that is.
  void tell_last_memory(TaskId task);

  // A task stands at a SIGTRAP. True when that is ours: it is ready to go on, without a signal.
  bool serve(Task& task);
  // A task is about to be given a signal: no signal's frame may have an address of ours.
  void before_signal(Task& task);

  // A handler of SIGTRAP for the process, against the death of the tracer: whether the task that was just
  // served is to see to it now, and that. The outcome stands for the stop.
  bool trap_handler_is_due() const { return trap_handler_due_; }
  ptrace::WaitOutcome give_trap_handler(const Task& task, ptrace::Stop stop);
  // Whether it has one, which goes before the process gets a SIGTRAP of its own, or is let go.
  bool has_trap_handler(pid_t pid) const { return trap_handlers_.contains(pid); }
  ptrace::WaitOutcome take_trap_handler(pid_t pid, ptrace::Stop stop);

  // Whether the task that was just served has called a function that executes another program, for the first
  // time since its process has called an allocator.
  bool executes() const { return executes_; }
  // Whether the process was made by another that was watched already, whose blocks it has.
  bool is_forked(pid_t pid) const;
  // Whether another process has the same memory: a child of vfork before its exec. It cannot be let go.
  bool shares_memory(pid_t pid) const;
  // For probes::settle().
  std::vector<const probes::Patch*> patches_of(pid_t pid) const;
  // Takes all breakpoints of the process out. All its tasks must have been settled.
  void restore(pid_t pid);
  // The same, and the process is not known any more.
  void leave(pid_t pid);
  // Takes the breakpoints of all processes out.
  void restore_all();

 private:
  // A piece of a module's code, with breakpoints.
  struct Placed {
    Address end;
    std::uint64_t bias;
    const process::Module* module;
  };
  // Room for slots in a module, where it is mapped.
  struct Room {
    std::vector<probes::SlotArea> areas;  // What is left.
    std::size_t known = 0;                // So many of the plan's gaps are, or were, in there.
  };

  // One address space.
  struct Space {
    Space(pid_t owning, probes::PatchTable& table)
        : owner(owning), probes(std::make_unique<probes::ProbeSet>(owning, table)) {}

    pid_t owner;  // The process that its events are told of.
    std::unique_ptr<probes::ProbeSet> probes;
    std::map<Address, Placed> code;                                          // By where it begins.
    std::map<std::pair<const process::Module*, std::uint64_t>, Room> rooms;  // By module and bias.
    std::unordered_map<std::uint64_t, Address>
        pointers;  // That jumps away go through, by the jump's address.
    std::unordered_set<std::uint64_t>
        taken_out;  // Where breakpoints were that a task may still have run into.
    std::unordered_set<std::uint64_t>
        resolved;  // Resolvers whose functions are known; functions that cannot be watched.
    Nanoseconds trap_handler_seen = 0;  // When it was last seen to.
    bool ignores_trap = false;          // Before there were breakpoints.
    bool awaits_stop = false;           // Nothing was put in yet: see watch().
    bool has_allocator = false;
    bool is_32_bit = false;
    bool is_forked = false;
    bool asked_to_execute = false;  // And has not called an allocator since.
    MemorySchedule memory;
  };

  HeapCapture(const Options& options, EventWriter& events, probes::PatchTable& table, arch::Code code)
      : options_(options),
        events_(events),
        table_(table),
        functions_(options.allocators, options.round_function, options.memory_file >= 0),
        limiter_(options),
        code_(std::move(code)) {}

  Space* space_of(pid_t pid) const;
  void tell_memory(Space& space);
  void take_over(pid_t child, const Space& from);
  std::shared_ptr<Space> copy_of(const Space& from, pid_t owner);
  void remember(std::shared_ptr<Space> space);
  void place(Space& space, TaskId task);
  // Pieces of code that were not there before: where they begin.
  std::vector<Address> arrived_code(Space& space, TaskId task);
  bool has_probes_for(Space& space, TaskId task, std::span<const Address> arrived);
  void place_probes(Space& space, TaskId task, std::span<const Address> arrived);
  void forget_unmapped(Space& space, const process::AddressSpace& mapped);
  void place_probes(Space& space, TaskId task, Address begin, const Placed& placed);
  // The piece of code that an address is in; null for none.
  static const Placed* placed_at(const Space& space, Address address);
  // Looks whether what is chosen at run time has been chosen already.
  void look_for_chosen(Space& space, TaskId task);
  std::optional<Address> chosen_before(const Space& space, const Placed& by, const ChosenFunction& chosen);
  // Tells which of it was never found, at the end.
  void tell_unknown(const Space& space);
  // A resolver has returned this, or has done so before.
  void watch_chosen(Space& space, TaskId task, HeapFunctions::Id function, Address chosen);
  // A breakpoint in a piece of code; more room is looked for as it is needed.
  bool put(Space& space, const Placed& in, Address at, probes::Tag tag);
  bool put(Space& space, const Placed& in, const PlannedProbe& probe);
  bool widen(const Space& space, Room& room, const Placed& in);
  bool ignores_trap(pid_t tid) const;
  static bool wants_trap_handler(const Space& space, pid_t pid, Nanoseconds time);
  std::unique_ptr<probes::TrapHandler> place_trap_handler(Space& space);
  HeapPlan& plan_of(const process::Module& module, TaskId task);

  void on_entry(Task& task, Space& space, const arch::Registers& registers, probes::Tag tag,
                Nanoseconds time);
  void on_release(Task& task, Space& space, HeapEntry& entry, const arch::Registers& registers,
                  Nanoseconds time);
  void tell(const Task& task, const Space& space, Nanoseconds time, const event::HeapFrame& frame,
            const HeapEntry& entry);
  // How much is told of the call that begins: sets what the entry says of that. True when a stack is wanted.
  bool decide(const Task& task, const Space& space, HeapEntry& entry, const event::HeapFrame& frame,
              Nanoseconds time);
  bool continues_release(Task& task, const HeapEntry& entry) const;
  void on_end(Task& task, Space& space, std::optional<HeapEntry> ended, std::uint64_t result);
  void on_jump(Task& task, Space& space, Address jump, std::uint64_t stack_pointer);
  bool catch_return(Space& space, Address return_address);
  std::uint32_t stack_of(TaskId task, const arch::Registers& registers, Nanoseconds time);

  const Options& options_;
  EventWriter& events_;
  probes::PatchTable& table_;
  HeapFunctions functions_;
  SiteLimiter limiter_;
  arch::Code code_;
  process::ProcFs proc_;
  std::unordered_map<pid_t, std::shared_ptr<Space>> spaces_;
  std::unordered_map<pid_t, std::unique_ptr<probes::TrapHandler>> trap_handlers_;
  bool trap_handler_due_ = false;
  bool executes_ = false;
  std::deque<std::shared_ptr<Space>> gone_;  // Of processes that have ended or were left, the last of them.
  std::size_t gone_probes_ = 0;              // That those have together.
  std::unordered_map<std::uint32_t, HeapPlan> plans_;  // By a module's id.
  MemoryTimer memory_timer_;
};

}  // namespace sonde::record
