#include "sonde/probes/trap_handler.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <sys/syscall.h>
#include <utility>
#include <variant>

#include "sonde/probes/text.hpp"
#include "sonde/ptrace/remote_call.hpp"

namespace sonde::probes {

namespace {

using ptrace::Stop;
using ptrace::WaitOutcome;

// As the kernel calls a handler with SA_SIGINFO (psABI, "Parameter Passing"): rsi has the siginfo_t, rdx the
// ucontext_t, and it returns to its restorer.
constexpr std::array<std::uint8_t, handler_code_bytes> machine_code{
    0x80, 0x7e, 0x08, 0x80,                    // cmp byte [rsi + si_code], SI_KERNEL: only an int3 has it
    0x75, 0x19,                                // jne done
    0x48, 0x8b, 0x82, 0xa8, 0x00, 0x00, 0x00,  // mov rax, [rdx + uc_mcontext.gregs[REG_RIP]]
    0x8a, 0x40, 0xff,                          // mov al, [rax - 1]
    0x3c, 0x90,                                // cmp al, slot_mark: the tracer has moved it on already
    0x74, 0x0b,                                // je done
    0x3c, 0xfa,                                // cmp al, the last byte of endbr64: the same
    0x74, 0x07,                                // je done
    0x48, 0xff, 0x8a, 0xa8, 0x00, 0x00, 0x00,  // dec qword [rdx + uc_mcontext.gregs[REG_RIP]]
    0xc3,                                      // done: ret
    0xb8, 0x0f, 0x00, 0x00, 0x00,              // mov eax, SYS_rt_sigreturn
    0x0f, 0x05,                                // syscall
    0x90,        // slot_mark: a task may be sent to the call with the SIGTRAP of an int3 in hand
    0x0f, 0x05,  // syscall
    0xeb, 0xfe,  // jmp to itself: a task whose tracer died in its call waits here
};
constexpr std::uint64_t restorer_at = 32;
constexpr std::uint64_t call_at = 40;
static_assert(call_at + ptrace::syscall_code.size() + 2 == handler_code_bytes);
static_assert(SI_KERNEL == 0x80 && SYS_rt_sigreturn == 0x0f);
static_assert(offsetof(siginfo_t, si_code) == 8);

Bytes code_bytes() { return std::as_bytes(std::span(machine_code)); }

// struct kernel_sigaction, as rt_sigaction(2) has it on x86-64.
struct Action {
  std::uint64_t handler = 0;
  std::uint64_t flags = 0;
  std::uint64_t restorer = 0;
  std::uint64_t mask = 0;
};
constexpr std::uint64_t sa_restorer = 0x04000000;
constexpr std::uint64_t sig_dfl = 0;
constexpr std::uint64_t sig_ign = 1;

Action action_of(const HandlerRow& row) {
  return {row.code, SA_SIGINFO | SA_ONSTACK | sa_restorer, row.code + restorer_at, ~std::uint64_t{0}};
}

bool has_filter(pid_t tid) {
  std::ifstream status("/proc/" + std::to_string(tid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("Seccomp:")) return line.find_first_of("12") != std::string::npos;
  return false;
}

// The seccomp filters of a stopped task, suspended where we may do that (PTRACE_O_SUSPEND_SECCOMP of
// ptrace(2)). To be in force again before the task runs code of the program.
class Filters {
 public:
  Filters(pid_t tid, const ptrace::Options& options) : tid_(tid), options_(options), there_(has_filter(tid)) {
    ptrace::Options suspending = options;
    suspending.suspends_filters = true;
    suspended_ = there_ && ptrace::set_options(tid, suspending);
  }
  ~Filters() {
    if (suspended_) ptrace::set_options(tid_, options_);
  }
  Filters(const Filters&) = delete;
  Filters& operator=(const Filters&) = delete;

  bool see_calls() const { return there_ && !suspended_; }

 private:
  pid_t tid_;
  ptrace::Options options_;
  bool there_;
  bool suspended_;
};

// Calls of rt_sigaction by a task, with their arguments in memory below its stack, which is put back.
class SigactionCalls {
 public:
  SigactionCalls(Stop stop, HandlerRow& row, const ptrace::Options& options)
      : row_(row),
        text_(row.pid.load()),
        call_{row.code + call_at},
        filters_(stop.tid(), options),
        outcome_(std::move(stop)) {
    std::uint64_t sp = 0;
    if (filters_.see_calls() || !ptrace::peek_sp(std::get<Stop>(outcome_).tid(), sp)) return;
    // Far below the red zone (psABI, "The Stack Frame"), where nobody counts on anything.
    const Address below{(sp - distance) & ~std::uint64_t{15}};
    if (text_.read(below, std::as_writable_bytes(std::span(&before_, 1)))) memory_ = below;
  }
  ~SigactionCalls() {
    if (memory_) text_.write(*memory_, std::as_bytes(std::span(&before_, 1)));
  }
  SigactionCalls(const SigactionCalls&) = delete;
  SigactionCalls& operator=(const SigactionCalls&) = delete;

  // Sets the disposition of SIGTRAP; the former. Empty when the call was not made or failed.
  std::optional<Action> set(const Action& action) {
    return call([&](Memory& memory) { memory.action = action; }, true);
  }
  std::optional<Action> get() {
    return call([](Memory&) {}, false);
  }

  WaitOutcome outcome() && { return std::move(outcome_); }

 private:
  struct Memory {
    Action action;
    Action former;
  };
  static constexpr std::uint64_t distance = 1024;

  template <typename Fill>
  std::optional<Action> call(Fill fill, bool sets) {
    auto* stop = std::get_if<Stop>(&outcome_);
    if (stop == nullptr || !memory_) return std::nullopt;
    Memory there{};
    fill(there);
    if (!text_.write(*memory_, std::as_bytes(std::span(&there, 1)))) return std::nullopt;
    const std::uint64_t action = memory_->value;
    auto [outcome, result] = ptrace::call_in(
        std::move(*stop), call_,
        {SYS_rt_sigaction, {SIGTRAP, sets ? action : 0, action + offsetof(Memory, former), 8}},
        &row_.calling);
    outcome_ = std::move(outcome);
    if (result != 0 || !text_.read(*memory_, std::as_writable_bytes(std::span(&there, 1))))
      return std::nullopt;
    return there.former;
  }

  HandlerRow& row_;
  Text text_;
  Address call_;
  Filters filters_;
  WaitOutcome outcome_;
  std::optional<Address> memory_;
  Memory before_;
};

bool is_there(const Text& text, const HandlerRow& row) {
  std::array<std::byte, handler_code_bytes> there;
  return text.read({row.code}, there) && std::ranges::equal(there, code_bytes());
}

}  // namespace

std::unique_ptr<TrapHandler> TrapHandler::place(pid_t pid, bool ignored, PatchTable& table,
                                                std::span<SlotArea> areas) {
  const auto area = std::ranges::find_if(
      areas, [](const SlotArea& one) { return one.end.value - one.begin.value >= handler_code_bytes; });
  if (area == areas.end()) return nullptr;
  const Text text(pid);
  std::array<std::byte, handler_code_bytes> before;
  if (!text.read(area->begin, before)) return nullptr;
  HandlerRow* row = table.claim_handler(area->begin, ignored, before);
  if (row == nullptr) return nullptr;
  row->pid.store(pid, std::memory_order_release);
  if (!text.write(area->begin, code_bytes())) {
    table.release(row);
    return nullptr;
  }
  area->begin = area->begin + handler_code_bytes;
  return std::unique_ptr<TrapHandler>(new TrapHandler(table, row));
}

TrapHandler::~TrapHandler() { table_.release(row_); }

std::unique_ptr<TrapHandler> TrapHandler::copy_for(pid_t child) const {
  HandlerRow* row = table_.claim_handler({row_->code}, row_->ignored, row_->original);
  if (row == nullptr) return nullptr;
  row->pid.store(child, std::memory_order_release);
  return std::unique_ptr<TrapHandler>(new TrapHandler(table_, row));
}

WaitOutcome TrapHandler::install(Stop stop, const ptrace::Options& options) const {
  if (!is_there(Text(row_->pid.load()), *row_)) return stop;
  SigactionCalls calls(std::move(stop), *row_, options);
  const auto now = calls.get();
  if (now && (now->handler == sig_dfl || now->handler == sig_ign)) calls.set(action_of(*row_));
  return std::move(calls).outcome();
}

WaitOutcome TrapHandler::take_out(Stop stop, const ptrace::Options& options) const {
  return probes::take_out(*row_, std::move(stop), options);
}

bool can_set_handler(pid_t tid, const ptrace::Options& options) { return !Filters(tid, options).see_calls(); }

WaitOutcome take_out(HandlerRow& row, Stop stop, const ptrace::Options& options) {
  const Text text(row.pid.load());
  if (!is_there(text, row)) return stop;
  bool gone = false;
  std::optional<WaitOutcome> outcome;
  {
    SigactionCalls calls(std::move(stop), row, options);
    const auto now = calls.get();
    gone = now && (now->handler != row.code || calls.set({row.ignored ? sig_ign : sig_dfl}));
    outcome = std::move(calls).outcome();
  }
  if (gone) text.write({row.code}, row.original);
  return *std::move(outcome);
}

bool runs_handler(const HandlerRow& row, Address pc) { return pc.value - row.code < call_at; }

bool is_at_call(const HandlerRow& row, Address pc) {
  return pc.value - row.code - call_at < handler_code_bytes - call_at;
}

}  // namespace sonde::probes
