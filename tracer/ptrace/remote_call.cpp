#include "sonde/ptrace/remote_call.hpp"

#include <csignal>
#include <cstring>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <unistd.h>
#include <utility>
#include <variant>

namespace sonde::ptrace {

namespace {

static_assert(sizeof(user_regs_struct) == sizeof InterruptedTask::registers);

constexpr int stops_on_the_way = 64;  // Interrupts: more than these, and something is wrong.

void* word(std::uint64_t value) {
  return reinterpret_cast<void*>(value);  // NOLINT(performance-no-int-to-ptr)
}

// What a call changes in a task, or might.
class Saved {
 public:
  explicit Saved(const Stop& stop) : tid_(stop.tid()) {
    whole_ = ::ptrace(PTRACE_GETREGS, tid_, nullptr, &registers_) == 0 &&
             ::ptrace(PTRACE_GETSIGMASK, tid_, word(sizeof mask_), &mask_) == 0;
    if (stop.kind() == StopKind::signal) info_ = signal_info(tid_);
  }

  bool whole() const { return whole_; }

  bool set_up(Address code, const RemoteCall& call) const {
    user_regs_struct there = registers_;
    there.rip = code.value;
    there.orig_rax = static_cast<decltype(there.orig_rax)>(-1);  // No call is to be made again now.
    there.rax = call.nr;
    there.rdi = call.args[0];
    there.rsi = call.args[1];
    there.rdx = call.args[2];
    there.r10 = call.args[3];
    // Whoever finds the task elsewhere knows that nothing else of it was changed: the registers come first,
    // and are put back last.
    return ::ptrace(PTRACE_SETREGS, tid_, nullptr, &there) == 0 && block_all_but(0);
  }

  bool block_all_but(int signal) const {
    std::uint64_t mask = ~std::uint64_t{0};
    if (signal != 0) mask &= ~(std::uint64_t{1} << (signal - 1));
    return ::ptrace(PTRACE_SETSIGMASK, tid_, word(sizeof mask), &mask) == 0;
  }

  void keep(InterruptedTask& kept) const {
    std::memcpy(kept.registers.data(), &registers_, sizeof registers_);
    kept.signal_mask = mask_;
    kept.signal = info_ && !is_int3(*info_) ? info_->si_signo : 0;
    kept.tid.store(tid_, std::memory_order_release);
  }

  void put_back() {
    if (info_) ::ptrace(PTRACE_SETSIGINFO, tid_, nullptr, &*info_);
    ::ptrace(PTRACE_SETSIGMASK, tid_, word(sizeof mask_), &mask_);
    ::ptrace(PTRACE_SETREGS, tid_, nullptr, &registers_);
  }

 private:
  pid_t tid_;
  bool whole_ = false;
  user_regs_struct registers_;
  std::uint64_t mask_ = 0;
  std::optional<siginfo_t> info_;
};

bool stands_at(const Stop& stop, Address pc) {
  Address there;
  return peek_pc(stop.tid(), there) && there == pc;
}

// Resumes the task until it stops as it shall; other stops on the way are interrupts, of which the last
// argument is told. What is no such stop is the end of it.
template <typename Wanted>
WaitOutcome run_to(Stop stop, Run how, Wanted wanted, bool& interrupted) {
  for (int stops = 0;; ++stops) {
    const pid_t tid = stop.tid();
    if (!std::move(stop).resume(how, 0)) return Nothing{};
    auto outcome = await(tid);
    auto* next = std::get_if<Stop>(&outcome);
    if (next == nullptr || ends_program(next->kind()) || wanted(*next) || stops == stops_on_the_way)
      return outcome;
    interrupted |= next->kind() == StopKind::trap;
    stop = std::move(*next);
  }
}

// To the entry of the call at `code`, and from there behind it, but before the next instruction: there the
// kernel looks at what the registers say of a call that is to be made again, as it does not at a call's exit.
WaitOutcome make(Stop stop, Address code, bool& interrupted) {
  const pid_t tid = stop.tid();
  auto entered = run_to(
      std::move(stop), Run::to_syscall, [](const Stop& at) { return at.kind() == StopKind::syscall; },
      interrupted);
  auto* at_entry = std::get_if<Stop>(&entered);
  if (at_entry == nullptr || at_entry->kind() != StopKind::syscall) return entered;
  interrupt(tid);
  bool ours = false;
  const Address behind = code + syscall_code.size();
  return run_to(
      std::move(*at_entry), Run::freely,
      [&](const Stop& at) { return can_call(at.kind()) && stands_at(at, behind); }, ours);
}

// A signal that was in hand can be delivered at a stop for a signal alone: it is sent once more. The stop is
// taken, or the signal would be delivered here if we died.
WaitOutcome take_in_hand_again(Stop stop, int signal, const Saved& saved, bool& interrupted) {
  if (!saved.block_all_but(signal) || ::syscall(SYS_tkill, stop.tid(), signal) != 0) return stop;
  auto outcome = run_to(
      std::move(stop), Run::freely,
      [&](const Stop& at) { return at.kind() == StopKind::signal && at.signal() == signal; }, interrupted);
  auto* there = std::get_if<Stop>(&outcome);
  return there == nullptr ? std::move(outcome) : take(std::move(*there));
}

}  // namespace

bool can_call(StopKind kind) {
  return kind == StopKind::signal || kind == StopKind::trap || kind == StopKind::group_stop;
}

RemoteResult call_in(Stop stop, Address code, const RemoteCall& call, InterruptedTask* kept) {
  const pid_t tid = stop.tid();
  const StopKind kind = stop.kind();
  const int signal = stop.signal();
  Saved saved(stop);
  if (!can_call(kind) || !saved.whole()) return {std::move(stop), std::nullopt};
  if (kept != nullptr) saved.keep(*kept);
  if (!saved.set_up(code, call)) {
    saved.put_back();
    if (kept != nullptr) kept->tid.store(0, std::memory_order_release);
    return {std::move(stop), std::nullopt};
  }
  bool interrupted = false;
  auto outcome = make(std::move(stop), code, interrupted);
  std::optional<std::int64_t> result;
  std::uint64_t rax = 0;
  if (auto* made = std::get_if<Stop>(&outcome); made != nullptr && can_call(made->kind())) {
    if (stands_at(*made, code + syscall_code.size()) &&
        peek_register(tid, offsetof(user_regs_struct, rax), rax))
      result = static_cast<std::int64_t>(rax);
    if (kind == StopKind::signal) outcome = take_in_hand_again(std::move(*made), signal, saved, interrupted);
  }
  auto* last = std::get_if<Stop>(&outcome);
  if (last == nullptr || ends_program(last->kind())) {
    if (kept != nullptr) kept->tid.store(0, std::memory_order_release);
    return {std::move(outcome), std::nullopt};
  }
  saved.put_back();
  if (kept != nullptr) kept->tid.store(0, std::memory_order_release);
  if (interrupted) interrupt(tid);  // By somebody else, who waits for that.
  return {std::move(*last).as(kind, signal), result};
}

void put_back(const Stop& stop, const InterruptedTask& kept) {
  user_regs_struct registers;
  std::memcpy(&registers, kept.registers.data(), sizeof registers);
  std::uint64_t mask = kept.signal_mask;
  ::ptrace(PTRACE_SETSIGMASK, stop.tid(), word(sizeof mask), &mask);
  ::ptrace(PTRACE_SETREGS, stop.tid(), nullptr, &registers);
}

}  // namespace sonde::ptrace
