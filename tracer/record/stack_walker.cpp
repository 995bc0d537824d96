#include "sonde/record/stack_walker.hpp"

#include "sonde/memory/process_memory.hpp"

namespace sonde::record {

namespace {

// A process can make us look at its mappings anew whenever its stack leads out of them: not more often than
// this.
constexpr Nanoseconds refresh_interval_ns = 100'000'000;

static_assert(static_cast<int>(unwind::End::bad_cfa) == static_cast<int>(event::StackEnd::bad_cfa) &&
              static_cast<int>(unwind::End::no_information) ==
                  static_cast<int>(event::StackEnd::no_information) &&
              static_cast<int>(unwind::End::complete) == static_cast<int>(event::StackEnd::complete));

}  // namespace

bool StackWalker::prepare(pid_t pid, Nanoseconds time) { return refresh(pid, processes_[pid], time); }

void StackWalker::code_mapped(pid_t pid) {
  if (const auto found = processes_.find(pid); found != processes_.end()) found->second.stale = true;
}

std::optional<Address> StackWalker::symbol(pid_t pid, std::string_view name) const {
  const auto found = processes_.find(pid);
  if (found == processes_.end()) return std::nullopt;
  const process::AddressSpace& space = found->second.space;
  for (std::uint32_t i = 0; i < space.code().size(); ++i) {
    const process::Module* module = space.module(i);
    const auto symbol = module != nullptr && module->image ? module->image->symbol(name) : std::nullopt;
    if (symbol) return Address{symbol->address + space.code()[i].bias};
  }
  return std::nullopt;
}

bool StackWalker::refresh(pid_t pid, Process& process, Nanoseconds time) {
  process.refreshed = time;
  process.stale = false;
  return process.space.refresh(pid, modules_);
}

const process::AddressSpace* StackWalker::look(pid_t pid, Nanoseconds time) {
  Process& process = processes_[pid];
  return refresh(pid, process, time) ? &process.space : nullptr;
}

WalkedStack StackWalker::walk(TaskId task, Nanoseconds time) {
  const auto registers = ptrace::registers(task.tid);
  return registers ? walk(task, *registers, time) : WalkedStack{};
}

WalkedStack StackWalker::walk(TaskId task, const arch::Registers& registers, Nanoseconds time) {
  return registers.is_64_bit() ? walk_from(task, registers, time) : WalkedStack{};
}

WalkedStack StackWalker::walk(TaskId task, const ptrace::SyscallEntry& entry, Nanoseconds time) {
  // 64-bit code may make a call of the 32-bit table, but not the other way round.
  if (entry.abi == Abi::i386) return walk(task, time);
  const auto ask = [tid = task.tid] { return ptrace::registers(tid); };
  return walk_from(task, {{entry.instruction_pointer}, {entry.stack_pointer}, ask}, time);
}

WalkedStack StackWalker::walk_from(TaskId task, const unwind::Start& start, Nanoseconds time) {
  Process& process = processes_[task.pid];
  if (process.stale) refresh(task.pid, process, time);
  WalkedStack walked{};
  if (!walk_in(task, start, process.space, walked) && time - process.refreshed > refresh_interval_ns) {
    refresh(task.pid, process, time);
    walk_in(task, start, process.space, walked);
  }
  return walked;
}

// A tid that is given again may leave its predecessor's here, which costs a read and no more.
Address& StackWalker::reach_of(pid_t tid) {
  Reach& known = reaches_[static_cast<std::size_t>(tid) % reaches_.size()];
  if (known.tid != tid) known = {tid, {}};
  return known.end;
}

bool StackWalker::walk_in(TaskId task, const unwind::Start& start, const process::AddressSpace& space,
                          WalkedStack& into) {
  const memory::ProcessMemory memory(task.tid);
  Address& reach = reach_of(task.tid);
  const unwind::Walk walked = unwind::walk(start, space.code(), memory, window_, frames_, reach);
  reach = walked.reach;
  bool inside = true;
  for (std::size_t i = 0; i < walked.frames; ++i) {
    const unwind::Frame& frame = frames_[i];
    inside &= frame.module != unwind::no_module;
    const process::Module* module = space.module(frame.module);
    const std::uint64_t bias = module != nullptr ? space.code()[frame.module].bias : 0;
    frame_modules_[i] = module;
    addresses_[i] = {frame.pc.value - bias, module != nullptr ? module->id : 0,
                     frame.exact ? event::frame_is_exact : 0};
  }
  into.frames = std::span(addresses_).first(walked.frames);
  into.modules = std::span(frame_modules_).first(walked.frames);
  into.end = static_cast<event::StackEnd>(walked.end);
  return inside;
}

}  // namespace sonde::record
