#include "sonde/event/event.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "sonde/base/limits.hpp"

namespace sonde::event {

namespace {

std::string_view text_of(Bytes bytes) {
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  return {text, bytes.empty() ? 0 : ::strnlen(text, bytes.size())};
}

// The fixed part of a payload, and what follows it.
template <typename Frame>
struct Parts {
  const Frame* fixed;
  Bytes rest;
};

// Frames are 8-aligned in the ring and in a block's buffer, and parse_frame checks it, so the cast is sound.
template <typename Frame>
std::optional<Parts<Frame>> split(Bytes body) {
  if (body.size() < sizeof(Frame)) return std::nullopt;
  return Parts<Frame>{reinterpret_cast<const Frame*>(body.data()), body.subspan(sizeof(Frame))};
}

using Payload = decltype(Event::payload);

std::optional<Payload> parse_syscall_enter(Bytes body) {
  const auto parts = split<SyscallEnterFrame>(body);
  if (!parts || parts->fixed->abi > Abi::x32) return std::nullopt;
  const SyscallEnterFrame& f = *parts->fixed;
  return SyscallEnter{f.abi, f.nr, std::span<const std::uint64_t, 6>(f.args), f.instruction_pointer,
                      Snapshot(parts->rest)};
}

std::optional<Payload> parse_module(Bytes body) {
  const auto parts = split<ModuleFrame>(body);
  if (!parts || parts->fixed->id == 0 || parts->fixed->build_id_size > sizeof parts->fixed->build_id) {
    return std::nullopt;
  }
  const auto build_id = std::as_bytes(std::span(parts->fixed->build_id)).first(parts->fixed->build_id_size);
  return Module{parts->fixed->id, build_id, text_of(parts->rest)};
}

std::optional<Payload> parse_stack(Bytes body) {
  const auto parts = split<StackFrame>(body);
  if (!parts || parts->fixed->id == 0 || parts->fixed->end > StackEnd::bad_cfa ||
      parts->fixed->count > limits::stack_frames ||
      parts->rest.size() < parts->fixed->count * sizeof(FrameAddress)) {
    return std::nullopt;
  }
  return Stack{parts->fixed->id,
               parts->fixed->end,
               (parts->fixed->flags & stack_generation) != 0,
               {reinterpret_cast<const FrameAddress*>(parts->rest.data()), parts->fixed->count}};
}

std::optional<Payload> parse_frame_names(Bytes body) {
  const auto parts = split<FrameNamesFrame>(body);
  if (!parts || parts->fixed->count > limits::inlined_functions ||
      parts->rest.size() < parts->fixed->count * sizeof(NameEntry)) {
    return std::nullopt;
  }
  const std::span entries(reinterpret_cast<const NameEntry*>(parts->rest.data()), parts->fixed->count);
  const Bytes texts = parts->rest.subspan(entries.size_bytes());
  std::uint64_t needed = 0;
  for (const NameEntry& entry : entries) needed += std::uint64_t{entry.function_size} + entry.file_size;
  if (needed > texts.size()) return std::nullopt;
  return FrameNames{parts->fixed->module, parts->fixed->address, entries, texts};
}

std::optional<Payload> parse_crash(Bytes body) {
  const auto parts = split<CrashFrame>(body);
  if (!parts) return std::nullopt;
  const CrashFrame& fixed = *parts->fixed;
  Crash crash;
  static_assert(sizeof crash.info == sizeof fixed.siginfo);
  std::memcpy(&crash.info, fixed.siginfo, sizeof crash.info);
  std::copy(std::begin(fixed.general), std::end(fixed.general), crash.registers.general.begin());
  crash.registers.orig_rax = fixed.orig_rax;
  crash.registers.eflags = fixed.eflags;
  crash.registers.cs = fixed.cs;
  crash.registers.fs_base = fixed.fs_base;
  crash.registers.gs_base = fixed.gs_base;
  crash.snapshot = Snapshot(parts->rest);
  return crash;
}

std::optional<Payload> parse_payload(FrameType type, Bytes body) {
  switch (type) {
    case FrameType::session:
      if (const auto p = split<SessionFrame>(body); p && p->fixed->version == frame_version) {
        const SessionFrame& f = *p->fixed;
        return Session{f.string_limit, f.realtime_offset, (f.flags & session_follows_children) != 0,
                       (f.flags & session_attached) != 0};
      }
      return std::nullopt;
    case FrameType::task_started:
      if (const auto p = split<TaskStartedFrame>(body);
          p && p->fixed->how <= static_cast<std::uint32_t>(TaskOrigin::clone)) {
        return TaskStarted{p->fixed->parent_tid, static_cast<TaskOrigin>(p->fixed->how)};
      }
      return std::nullopt;
    case FrameType::task_name:
      if (const auto p = split<TaskNameFrame>(body)) {
        return TaskName{{p->fixed->comm, ::strnlen(p->fixed->comm, sizeof p->fixed->comm)}, text_of(p->rest)};
      }
      return std::nullopt;
    case FrameType::syscall_enter:
      return parse_syscall_enter(body);
    case FrameType::syscall_exit:
      if (const auto p = split<SyscallExitFrame>(body)) {
        return SyscallExit{p->fixed->ret, p->fixed->failed != 0, Snapshot(p->rest)};
      }
      return std::nullopt;
    case FrameType::signal:
      if (const auto p = split<SignalFrame>(body)) {
        Signal signal;
        static_assert(sizeof signal.info == sizeof p->fixed->siginfo);
        std::memcpy(&signal.info, p->fixed->siginfo, sizeof signal.info);
        signal.snapshot = Snapshot(p->rest);
        return signal;
      }
      return std::nullopt;
    case FrameType::group_stop:
      if (const auto p = split<GroupStopFrame>(body)) return GroupStop{p->fixed->signal};
      return std::nullopt;
    case FrameType::exec:
      if (const auto p = split<ExecFrame>(body)) return Exec{p->fixed->old_tid};
      return std::nullopt;
    case FrameType::task_ended:
      if (const auto p = split<TaskEndedFrame>(body)) return TaskEnded{p->fixed->status};
      return std::nullopt;
    case FrameType::task_detached:
      return TaskDetached{};
    case FrameType::lost:
      if (const auto p = split<LostFrame>(body);
          p && p->fixed->reason <= static_cast<std::uint32_t>(LossReason::unwatched)) {
        return Lost{p->fixed->count, static_cast<LossReason>(p->fixed->reason)};
      }
      return std::nullopt;
    case FrameType::note:
      return Note{text_of(body)};
    case FrameType::module:
      return parse_module(body);
    case FrameType::stack:
      return parse_stack(body);
    case FrameType::frame_names:
      return parse_frame_names(body);
    case FrameType::crash:
      return parse_crash(body);
    case FrameType::thread_stack:
      if (const auto p = split<ThreadStackFrame>(body)) {
        return ThreadStack{{p->fixed->comm, ::strnlen(p->fixed->comm, sizeof p->fixed->comm)},
                           Snapshot(p->rest)};
      }
      return std::nullopt;
    case FrameType::heap:
      if (const auto p = split<HeapFrame>(body); p && p->fixed->operation <= HeapOperation::reallocate) {
        const HeapFrame& f = *p->fixed;
        return HeapCall{f.operation,
                        f.function,
                        f.address,
                        f.old_address,
                        f.size,
                        f.alignment,
                        (f.flags & heap_kind_unknown) != 0,
                        Snapshot(p->rest),
                        (f.flags & heap_left_out) != 0};
      }
      return std::nullopt;
    case FrameType::memory_copied:
      if (const auto p = split<MemoryCopiedFrame>(body); p && p->fixed->reason <= CopyReason::looked) {
        return MemoryCopied{p->fixed->offset, p->fixed->size, p->fixed->pause_ns, p->fixed->reason};
      }
      return std::nullopt;
    case FrameType::round_began:
      return RoundBegan{};
    case FrameType::memory_use:
      if (const auto p = split<MemoryUseFrame>(body)) {
        return MemoryUse{p->fixed->resident, p->fixed->anonymous, p->fixed->brk, p->fixed->mapped};
      }
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> frame_size(Bytes bytes) {
  FrameHeader header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  const std::size_t size = header.size;
  if (size < sizeof(FrameHeader) + sizeof(FrameStamp) || size % 8 != 0) return std::nullopt;
  if (size > limits::frame_bytes || size > bytes.size()) return std::nullopt;
  return size;
}

std::optional<Event> parse_frame(Bytes bytes) {
  const auto size = frame_size(bytes);
  if (!size || reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 != 0) return std::nullopt;
  FrameHeader header;
  FrameStamp stamp;
  std::memcpy(&header, bytes.data(), sizeof header);
  std::memcpy(&stamp, bytes.data() + sizeof header, sizeof stamp);
  auto payload = parse_payload(header.type, bytes.first(*size).subspan(sizeof header + sizeof stamp));
  if (!payload) return std::nullopt;
  return Event{stamp.time, {stamp.pid, stamp.tid}, *std::move(payload)};
}

}  // namespace sonde::event
