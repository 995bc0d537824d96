// Plays made-up calls and events to a sink, as the console does with those of real tracees.
#pragma once

#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/output/sink.hpp"

namespace sonde::test {

using syscall::Kind;

inline constexpr Nanoseconds start = 1'000'000'000;
inline constexpr std::int64_t realtime_offset =
    1'795'233'519'000'000'000;  // Makes `start` 2026-11-21T03:58:40Z.

struct Named {
  Kind kind;
  std::string_view name;
};

inline constexpr syscall::Row row(std::uint32_t nr, std::string_view name, Kind returns,
                                  std::initializer_list<Named> arguments) {
  syscall::Row made{};
  made.nr = nr;
  made.name = decltype(made.name)(name);
  made.returns = returns;
  for (const auto& [kind, argument] : arguments) {
    auto& slot = made.arguments[made.argument_count];
    slot.kind = kind;
    slot.name = decltype(slot.name)(argument);
    slot.reg = made.argument_count++;
  }
  return made;
}

inline constexpr auto read_row =
    row(0, "read", Kind::ldec, {{Kind::fd, "fd"}, {Kind::buffer_out, "buf"}, {Kind::ludec, "count"}});
inline constexpr auto close_row = row(3, "close", Kind::dec, {{Kind::fd, "fd"}});
inline constexpr auto brk_row = row(12, "brk", Kind::address, {{Kind::address, "brk"}});
inline constexpr auto getpid_row = row(39, "getpid", Kind::pid, {});
inline constexpr auto pause_row = row(34, "pause", Kind::dec, {});
inline constexpr auto chdir_row = row(80, "chdir", Kind::dec, {{Kind::path, "filename"}});
inline constexpr auto restart_row = row(219, "restart_syscall", Kind::dec, {});
inline constexpr auto exit_group_row = row(231, "exit_group", Kind::none, {{Kind::dec, "error_code"}});
inline constexpr auto unknown_row = row(0x1f4, "", Kind::ldec, {{Kind::hex, "arg0"}, {Kind::hex, "arg1"}});

// Captured memory: the segments of an event.
class Memory {
 public:
  Memory& add(std::uint64_t address, std::string_view bytes,
              event::SegmentKind kind = event::SegmentKind::data, bool redacted = false) {
    const event::SegmentHeader header{address, static_cast<std::uint32_t>(bytes.size()), kind,
                                      redacted ? event::segment_redacted : std::uint16_t{0}};
    const std::size_t at = encoded_.size();
    encoded_.resize(at + sizeof header + event::align8(bytes.size()));
    std::memcpy(encoded_.data() + at, &header, sizeof header);
    std::memcpy(encoded_.data() + at + sizeof header, bytes.data(), bytes.size());
    return *this;
  }
  event::Snapshot snapshot() const { return event::Snapshot(encoded_); }

 private:
  std::vector<std::byte> encoded_;
};

class Player {
 public:
  explicit Player(output::Sink& sink) : sink_(sink) {
    event({1, 1}, event::Session{32, realtime_offset, true, false});
  }

  // Of the calls that follow.
  void use(Abi abi) { abi_ = abi; }

  // Microseconds since the start, for all that follows.
  void at(Nanoseconds microseconds) { now_ = start + microseconds * 1000; }

  void enter(pid_t tid, const syscall::Row& row, std::initializer_list<std::uint64_t> args,
             Memory memory = {}, bool held = false) {
    memories_.push_back(std::move(memory));
    decode::Call call{};
    call.task = {pid_of(tid), tid};
    call.abi = abi_;
    call.nr = row.nr;
    call.row = &row;
    std::copy(args.begin(), args.end(), call.args.begin());
    call.instruction_pointer = 0x7f736659cbd3;
    call.enter_time = now_;
    call.entered = memories_.back().snapshot();
    if (!held) sink_.call_entered(call);
    calls_[tid] = call;
  }

  void exit(pid_t tid, std::int64_t ret, Memory memory = {}) {
    memories_.push_back(std::move(memory));
    decode::Call call = calls_.at(tid);
    call.exit = decode::CallExit{now_, ret, ret < 0 && ret >= -4095, memories_.back().snapshot()};
    sink_.call_exited(call);
    calls_.erase(tid);
  }

  void call(pid_t tid, const syscall::Row& row, std::initializer_list<std::uint64_t> args, std::int64_t ret,
            Memory memory = {}) {
    enter(tid, row, args);
    exit(tid, ret, std::move(memory));
  }

  void unfinished(pid_t tid, output::Unfinished why) {
    sink_.call_unfinished(calls_.at(tid), now_, why);
    calls_.erase(tid);
  }

  template <typename Payload>
  void event(TaskId task, Payload payload, bool shown = true) {
    sink_.event(event::Event{now_, task, std::move(payload)}, shown);
  }

  void started(pid_t tid, event::TaskOrigin origin = event::TaskOrigin::program, pid_t pid = 0) {
    if (pid != 0) pids_[tid] = pid;
    event({pid_of(tid), tid}, event::TaskStarted{0, origin});
  }

  // As the console does: a call that the task is in is told first.
  void ended(pid_t tid, int status) {
    if (calls_.contains(tid)) unfinished(tid, output::Unfinished::died);
    event({pid_of(tid), tid}, event::TaskEnded{status});
  }
  void detached(pid_t tid) {
    if (calls_.contains(tid)) unfinished(tid, output::Unfinished::detached);
    event({pid_of(tid), tid}, event::TaskDetached{});
  }
  // The thread old_tid executes a program and becomes its process's leader.
  void exec(pid_t tid, pid_t old_tid) {
    if (calls_.contains(tid)) unfinished(tid, output::Unfinished::died);
    event({tid, tid}, event::Exec{old_tid});
    calls_[tid] = calls_.at(old_tid);
    calls_[tid].task = {tid, tid};
    calls_.erase(old_tid);
  }

 private:
  pid_t pid_of(pid_t tid) const { return pids_.contains(tid) ? pids_.at(tid) : tid; }

  output::Sink& sink_;
  Nanoseconds now_ = start;
  Abi abi_ = Abi::x86_64;
  std::map<pid_t, pid_t> pids_;
  std::map<pid_t, decode::Call> calls_;
  std::deque<Memory> memories_;
};

inline constexpr int exited(int code) { return code << 8; }
inline constexpr int killed(int signal, bool core = false) { return signal | (core ? 0x80 : 0); }

}  // namespace sonde::test
