// The wire form of the event stream: length-prefixed frames, the same in the ring between tracer and console
// and in a trace file. Layout is native (x86-64, little endian); every frame starts on an 8-byte boundary and
// its size is a multiple of 8.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sonde/base/types.hpp"

namespace sonde::event {

enum class FrameType : std::uint16_t {
  session = 1,    // Once, first: clocks and what the tracer was asked to capture.
  task_started,   // A task is traced from now on.
  task_name,      // A process's comm and executable, at its start, after exec.
  syscall_enter,  // A task enters a system call.
  syscall_exit,   // It returns.
  signal,         // A signal is about to be delivered to a task.
  group_stop,     // A task takes part in a group-stop.
  exec,           // An exec succeeded; the task may have changed its tid to its leader's.
  task_ended,     // A task is gone, with its wait status.
  task_detached,  // A task is traced no more, and goes on.
  lost,           // Events were left out: overflow under the drop policy, or a rate limit.
  note,           // Something that the tracer must tell the user.
};

struct FrameHeader {
  std::uint32_t size;  // Of the whole frame, this header included.
  FrameType type;
  std::uint16_t flags;
};
static_assert(sizeof(FrameHeader) == 8);

// What follows FrameHeader in every frame.
struct FrameStamp {
  std::int32_t pid;
  std::int32_t tid;
  std::uint64_t time;  // CLOCK_MONOTONIC, nanoseconds.
};
static_assert(sizeof(FrameStamp) == 16);

struct SessionFrame {
  std::uint32_t version;         // frame_version below.
  std::uint32_t string_limit;    // -s: bytes captured of a string or buffer.
  std::int64_t realtime_offset;  // CLOCK_REALTIME less CLOCK_MONOTONIC at the start, nanoseconds.
  std::uint32_t flags;           // session_* below.
  std::uint32_t reserved;
};
inline constexpr std::uint32_t frame_version = 1;
inline constexpr std::uint32_t session_follows_children = 1;  // Children are traced too.
inline constexpr std::uint32_t session_attached = 2;          // attach, not run.

struct TaskStartedFrame {
  std::int32_t parent_tid;  // The task that created it; 0 when it was attached to.
  std::uint32_t how;        // TaskOrigin.
};

struct TaskNameFrame {
  char comm[16];  // NUL-terminated.
  // The executable's path follows, to the frame's end, padded with NULs.
};

struct SyscallEnterFrame {
  std::uint64_t args[6];
  std::uint64_t instruction_pointer;
  std::uint32_t nr;
  Abi abi;
  std::uint8_t reserved[3];
  // A snapshot follows.
};

struct SyscallExitFrame {
  std::int64_t ret;     // As the kernel left it: -errno on failure, and -ERESTART* before a restart.
  std::uint8_t failed;  // PTRACE_GET_SYSCALL_INFO's is_error.
  std::uint8_t reserved[7];
  // A snapshot follows.
};

struct SignalFrame {
  std::uint8_t siginfo[128];  // siginfo_t of the kernel.
};

struct GroupStopFrame {
  std::int32_t signal;
  std::uint32_t reserved;
};

struct ExecFrame {
  std::int32_t
      old_tid;  // The tid that the task had before; differs from the stamp's when it was not the leader.
  std::uint32_t reserved;
};

struct TaskEndedFrame {
  std::int32_t status;  // As wait(2) gives it.
  std::uint32_t reserved;
};

struct LostFrame {
  std::uint64_t count;   // Events left out since the last such frame.
  std::uint32_t reason;  // LossReason.
  std::uint32_t reserved;
};

// What a snapshot's segment holds.
enum class SegmentKind : std::uint16_t {
  memory = 1,   // A structure or an array of them.
  data,         // Contents of a buffer: what read and write carry.
  path,         // A file name, up to and with its NUL.
  argument,     // A program's argument, up to and with its NUL.
  environment,  // An environment string, up to and with its NUL.
  fd_path,      // What /proc/PID/fd/N names; `address` is N.
  fd_detail,    // More on what a descriptor refers to; `address` is its number. See Snapshot::fd_detail().
};

struct SegmentHeader {
  std::uint64_t address;
  std::uint32_t length;  // Bytes that follow; the next segment starts at the next 8-byte boundary.
  SegmentKind kind;
  std::uint16_t flags;
};
static_assert(sizeof(SegmentHeader) == 16);
inline constexpr std::uint16_t segment_redacted = 1;  // The bytes were left out on request: length is 0.

constexpr std::size_t align8(std::size_t n) { return (n + 7) & ~std::size_t{7}; }

}  // namespace sonde::event
