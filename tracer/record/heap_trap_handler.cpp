// The part of HeapCapture that keeps a handler of SIGTRAP in each process with breakpoints.
#include <csignal>
#include <cstddef>
#include <limits>
#include <sys/user.h>
#include <utility>
#include <variant>

#include "sonde/base/clock.hpp"
#include "sonde/record/heap_capture.hpp"

namespace sonde::record {

namespace {

// The kernel takes it away where a task blocks SIGTRAP and runs into a breakpoint, and the program may.
constexpr Nanoseconds look_every_ns = 1'000'000'000;
constexpr std::uint64_t trap = std::uint64_t{1} << (SIGTRAP - 1);  // In a mask of signals.
constexpr Nanoseconds never = std::numeric_limits<Nanoseconds>::max();

// By the selector of its code segment (the kernel's arch/x86/include/asm/segment.h, __USER_CS).
bool runs_64_bit_code(pid_t tid) {
  constexpr std::uint64_t user_cs = 0x33;
  std::uint64_t cs = 0;
  return ptrace::peek_register(tid, offsetof(user_regs_struct, cs), cs) && cs == user_cs;
}

}  // namespace

bool HeapCapture::ignores_trap(pid_t tid) const {
  const auto status = proc_.status(tid);
  return status && (status->ignored_signals & trap) != 0;
}

bool HeapCapture::wants_trap_handler(const Space& space, pid_t pid, Nanoseconds time) {
  return space.owner == pid && time > space.trap_handler_seen &&
         time - space.trap_handler_seen >= look_every_ns;
}

ptrace::WaitOutcome HeapCapture::give_trap_handler(const Task& task, ptrace::Stop stop) {
  Space& space = *space_of(task.id.pid);
  space.trap_handler_seen = now();
  const auto status = proc_.status(task.id.tid);
  // Under our own filter the program ends with us.
  if (!status || options_.seccomp || !runs_64_bit_code(task.id.tid)) return stop;
  if ((status->caught_signals & trap) != 0) return stop;
  if (!probes::can_set_handler(task.id.tid, options_.for_tasks())) return stop;
  auto& handler = trap_handlers_[task.id.pid];
  if (!handler) handler = place_trap_handler(space);
  if (handler) return handler->install(std::move(stop), options_.for_tasks());
  trap_handlers_.erase(task.id.pid);
  space.trap_handler_seen = never;
  return stop;
}

// In the program's file if that has room: it is not unmapped while the process lives.
std::unique_ptr<probes::TrapHandler> HeapCapture::place_trap_handler(Space& space) {
  for (const auto& [begin, placed] : space.code) {
    Room& room = space.rooms[{placed.module, placed.bias}];
    if (auto handler = probes::TrapHandler::place(space.owner, space.ignores_trap, table_, room.areas))
      return handler;
    if (!widen(space, room, placed)) continue;
    if (auto handler = probes::TrapHandler::place(space.owner, space.ignores_trap, table_, room.areas))
      return handler;
  }
  return nullptr;
}

ptrace::WaitOutcome HeapCapture::take_trap_handler(pid_t pid, ptrace::Stop stop) {
  auto handler = trap_handlers_.extract(pid);
  if (Space* space = space_of(pid)) space->trap_handler_seen = never;
  if (!probes::can_set_handler(stop.tid(), options_.for_tasks())) {
    events_.note(
        {pid, pid},
        "the handler of SIGTRAP that sonde has given this process stays: a seccomp filter of its own "
        "keeps it from making the call that takes it out");
  }
  return handler.mapped()->take_out(std::move(stop), options_.for_tasks());
}

}  // namespace sonde::record
