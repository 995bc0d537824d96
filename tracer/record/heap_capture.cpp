#include "sonde/record/heap_capture.hpp"

#include <algorithm>
#include <cstring>

#include "record/heap_tags.hpp"
#include "sonde/base/clock.hpp"
#include "sonde/memory/process_memory.hpp"

namespace sonde::record {

namespace {

using arch::Register;
using probes::Probe;

std::string_view own_name(const HeapFunction& function) {
  return function.by_user() ? std::string_view(function.symbol) : std::string_view();
}

// 0 where nothing can be read.
std::uint64_t word_at(pid_t tid, Address address) {
  std::uint64_t word = 0;
  memory::ProcessMemory(tid).read(address, std::as_writable_bytes(std::span(&word, 1)));
  return word;
}

}  // namespace

Result<HeapCapture> HeapCapture::make(const Options& options, EventWriter& events,
                                      probes::PatchTable& table) {
  auto code = arch::Code::make();
  if (!code) return Failure(std::move(code.error()));
  return HeapCapture(options, events, table, *std::move(code));
}

bool HeapCapture::serve(Task& task) {
  trap_handler_due_ = executes_ = false;
  Space* space = space_of(task.id.pid);
  auto registers = ptrace::registers(task.id.tid);
  if (space == nullptr || !registers) return false;
  if (options_.memory_file >= 0) task.registers = *registers;
  const Address hit{registers->pc().value - 1};
  const Probe* probe = space->probes->at(hit);
  // A pc behind an instruction of one byte may also have come there by itself; but not at the end of a call
  // that is known.
  const bool expected =
      probe != nullptr && role_of(probe->tag) == ProbeRole::end && task.heap.calls.has(registers->sp().value);
  if (probe == nullptr || (probe->size == 1 && !expected)) {
    if (probe == nullptr && !space->taken_out.contains(hit.value)) return false;
    const auto info = ptrace::signal_info(task.id.tid);
    if (!info || !ptrace::is_int3(*info)) return false;
  }
  // First of all: a task whose tracer is killed from here on goes on in its own code.
  ptrace::poke_pc(task.id.tid, probe != nullptr ? probe->resume : hit);
  if (probe == nullptr || std::exchange(task.heap.moved_to, Address{}) == hit) return true;
  (*registers)[Register::rip] = hit.value;
  const Nanoseconds time = now();
  trap_handler_due_ = wants_trap_handler(*space, task.id.pid, time);
  const std::uint64_t sp = registers->sp().value;
  switch (role_of(probe->tag)) {
    case ProbeRole::entry:
      on_entry(task, *space, *registers, probe->tag, time);
      if ((probe->tag & jumps_at_once) != 0) on_jump(task, *space, hit, sp);
      break;
    case ProbeRole::end:
      if (auto ended = task.heap.calls.leave(sp)) {
        on_end(task, *space, ended, (*registers)[Register::rax]);
        break;
      }
      [[fallthrough]];
    case ProbeRole::came_back:
      on_end(task, *space, task.heap.calls.come_back(sp), (*registers)[Register::rax]);
      break;
    case ProbeRole::jump:
      on_jump(task, *space, hit, sp);
      break;
    case ProbeRole::chosen:
      watch_chosen(*space, task.id, function_of(probe->tag), {(*registers)[Register::rax]});
      break;
    case ProbeRole::round:
      events_.round_began(task.id, time);
      break;
    case ProbeRole::executes:
      // A search along $PATH asks for many, of which at most the last is there.
      executes_ = !std::exchange(space->asked_to_execute, true);
      break;
    case ProbeRole::modules:
      place(*space, task.id);
      break;
  }
  return true;
}

void HeapCapture::before_signal(Task& task) {
  const Space* space = space_of(task.id.pid);
  Address pc;
  if (space == nullptr || !ptrace::peek_pc(task.id.tid, pc)) return;
  std::uint64_t sp = 0;
  if (task.heap.calls.inside() && ptrace::peek_sp(task.id.tid, sp)) task.heap.calls.interrupt(sp);
  const auto outside = space->probes->outside_slots(pc);
  if (!outside) return;
  ptrace::poke_pc(task.id.tid, *outside);
  // Back at a breakpoint that was served already: the handler returns to it.
  if (space->probes->at(*outside) != nullptr) task.heap.moved_to = *outside;
}

std::uint32_t HeapCapture::stack_of(TaskId task, const arch::Registers& registers, Nanoseconds time) {
  return options_.stacks ? events_.stack_of_caller(task, registers, time) : 0;
}

void HeapCapture::on_entry(Task& task, Space& space, const arch::Registers& registers, probes::Tag tag,
                           Nanoseconds time) {
  space.asked_to_execute = false;
  const HeapFunction& function = functions_[function_of(tag)];
  HeapEntry entry = read_entry(function_of(tag), function, registers);
  entry.leaves_by_jump = leaves_by_jump(tag);
  entry.kind_unknown = is_kind_unknown(tag);
  if (function.releases()) return on_release(task, space, entry, registers, time);
  task.heap.release.reset();
  if (!task.heap.calls.enter(entry)) return;
  HeapEntry& kept = *task.heap.calls.innermost(entry.stack_pointer);
  // The end of one that is unwanted stops the task all the same, and what it calls is still its own affair.
  const bool with_stack = decide(task, space, kept, result_of(entry, function, 0), time);
  if (kept.unwanted) return;
  if (with_stack) kept.stack = stack_of(task.id, registers, time);
  if (function.resizes() && entry.pointer != 0) tell(task, space, time, give_up_of(kept, function), kept);
}

bool HeapCapture::decide(const Task& task, const Space& space, HeapEntry& entry,
                         const event::HeapFrame& frame, Nanoseconds time) {
  const HeapWant want =
      options_.heap_want
          ? options_.heap_want({{space.owner, task.id.tid}, frame, own_name(functions_[entry.function])})
          : HeapWant::all;
  entry.unwanted = want == HeapWant::nothing;
  const bool allocates = frame.operation == event::HeapOperation::allocate;
  if (entry.unwanted || !limiter_.active() || (want == HeapWant::account && !allocates)) {
    return want == HeapWant::all;
  }
  const auto verdict = limiter_.ask(word_at(task.id.tid, {entry.stack_pointer}), entry.function, time);
  if (verdict == SiteLimiter::Verdict::record) return want == HeapWant::all;
  events_.left_out(verdict == SiteLimiter::Verdict::over_rate ? event::LossReason::rate_limit
                                                              : event::LossReason::sampling);
  // What a call gives back must be known: that block may have been counted.
  entry.unwanted = allocates;
  entry.left_out = !allocates;
  return false;
}

void HeapCapture::tell(const Task& task, const Space& space, Nanoseconds time, const event::HeapFrame& frame,
                       const HeapEntry& entry) {
  events_.heap({space.owner, task.id.tid}, time, frame, entry.stack, own_name(functions_[entry.function]));
}

void HeapCapture::on_release(Task& task, Space& space, HeapEntry& entry, const arch::Registers& registers,
                             Nanoseconds time) {
  const HeapFunction& function = functions_[entry.function];
  // The end of a function of the user's is seen as well: what it calls is its own affair.
  if (!(function.by_user() ? task.heap.calls.enter(entry) : task.heap.calls.is_by_program(entry))) return;
  if (continues_release(task, entry)) return;
  task.heap.release.reset();
  if (function.kind != allocator::Kind::c) {
    const std::uint64_t return_address = word_at(task.id.tid, {entry.stack_pointer});
    task.heap.release = Release{entry.pointer, entry.stack_pointer, return_address, registers.pc()};
  }
  const bool with_stack = decide(task, space, entry, release_of(entry, function), time);
  if (entry.unwanted) return;
  if (with_stack && options_.release_stacks && entry.pointer != 0) {
    entry.stack = stack_of(task.id, registers, time);
  }
  tell(task, space, time, release_of(entry, function), entry);
}

// operator delete calls free, or jumps to it: one release, although nothing tells when the first function
// ends. It is the second part of one when it has the same block and comes from that function's own code, or
// has its return address.
bool HeapCapture::continues_release(Task& task, const HeapEntry& entry) const {
  constexpr std::uint64_t function_reach = 1024;
  if (!task.heap.release || task.heap.release->pointer != entry.pointer) return false;
  const Release& first = *task.heap.release;
  const std::uint64_t return_address = word_at(task.id.tid, {entry.stack_pointer});
  if (entry.stack_pointer == first.stack_pointer) return return_address == first.return_address;
  return entry.stack_pointer < first.stack_pointer && return_address - first.function.value < function_reach;
}

void HeapCapture::on_end(Task& task, Space& space, std::optional<HeapEntry> ended, std::uint64_t result) {
  if (!ended || ended->unwanted) return;
  const HeapFunction& function = functions_[ended->function];
  if (function.releases()) return;
  if (function.arguments.result) {
    const bool failed = static_cast<std::uint32_t>(result) != 0;
    result = failed ? 0 : word_at(task.id.tid, {ended->pointer});
  }
  tell(task, space, now(), result_of(*ended, function, result), *ended);
}

// The function leaves by a jump to another. If that is watched too its end is this one's; otherwise the
// return to the caller is caught.
void HeapCapture::on_jump(Task& task, Space& space, Address jump, std::uint64_t stack_pointer) {
  const HeapEntry* entry = task.heap.calls.innermost(stack_pointer);
  if (entry == nullptr || !entry->leaves_by_jump) return;
  if (const auto pointer = space.pointers.find(jump.value); pointer != space.pointers.end()) {
    const Probe* target = space.probes->at({word_at(task.id.tid, pointer->second)});
    if (target != nullptr && role_of(target->tag) == ProbeRole::entry) return;
  }
  if (catch_return(space, {word_at(task.id.tid, {stack_pointer})})) return;
  // What comes back is not seen.
  task.heap.calls.leave(stack_pointer);
  events_.unwatched();
}

bool HeapCapture::catch_return(Space& space, Address return_address) {
  if (space.probes->at(return_address) != nullptr) return true;
  const Placed* in = placed_at(space, return_address);
  if (in == nullptr || space.probes->size() >= limits::space_probes) return false;
  return put(space, *in, return_address, tag_of(ProbeRole::came_back));
}

}  // namespace sonde::record
