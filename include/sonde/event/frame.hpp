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
  module,         // A file that code was mapped from; before the first stack that has it.
  stack,          // A stack, before the first event that has it.
  frame_names,    // What an address in a module is called, of a recording: before the stacks that have it.
  crash,          // A task is about to die of a signal; before that signal's own frame.
  thread_stack,   // What another thread of the process was doing then; after the crash.
  heap,           // A program asked an allocator for something, by its outermost call.
  memory_use,     // How much memory a process has, of one whose heap is watched: now and then.
  memory_copied,  // The memory of a process was copied, for who looks for leaks in it.
  round_began,    // A task has entered the function that begins a round of a program's work.
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

// Modules, stacks and names belong to no task: their stamps' pid and tid are those of the task that first had
// them.
struct ModuleFrame {
  std::uint32_t id;  // From 1 on.
  std::uint32_t build_id_size;
  std::uint8_t build_id[32];  // The NT_GNU_BUILD_ID note; longer ones are cut.
  // The file's path as the process sees it follows, to the frame's end, padded with NULs.
};

// Why a stack has no more frames.
enum class StackEnd : std::uint32_t {
  complete,           // It has the outermost one.
  depth_limit,        // limits::stack_frames.
  unreadable_memory,  // A word of the stack could not be read.
  no_information,     // Nothing says how to leave the last frame's function.
  no_progress,        // The next frame would not lie above the last one.
  bad_cfa,            // What says how to leave the last frame's function makes no sense.
};

struct StackFrame {
  std::uint32_t id;  // From 1 on, never used twice.
  std::uint32_t count;
  StackEnd end;
  // stack_generation: no later event has a stack from before the stack before this that had the bit set. A
  // reader need not keep more than two generations.
  std::uint32_t flags;
  // `count` FrameAddress follow, innermost first.
};
inline constexpr std::uint32_t stack_generation = 1;

// Where a frame's code is. Of all frames but the innermost, and those that a signal interrupted, this is a
// return address: the call lies before it.
struct FrameAddress {
  std::uint64_t address;  // In the module, as its symbols count; in memory where there is no module.
  std::uint32_t module;   // 0: no file.
  std::uint32_t flags;    // frame_* below.
};
static_assert(sizeof(FrameAddress) == 16);
inline constexpr std::uint32_t frame_is_exact = 1;  // The address itself was about to run: no return address.

struct FrameNamesFrame {
  std::uint64_t address;  // As looked up: less 1 for a return address.
  std::uint32_t module;
  std::uint32_t count;  // Functions that it is in: itself, and those that it was inlined into.
  // `count` NameEntry follow, innermost first, and then their texts, each entry's function and then its file.
};

struct NameEntry {
  std::uint64_t function_start;  // In the module; 0 when it is not known.
  std::uint32_t function_size;   // Bytes of text.
  std::uint32_t file_size;
  std::uint32_t line;  // 0: not known.
  std::uint32_t column;
};
static_assert(sizeof(NameEntry) == 24);

struct CrashFrame {
  std::uint8_t siginfo[128];  // siginfo_t of the kernel.
  // By their DWARF numbers, rip last, as arch::Registers has them.
  std::uint64_t general[17];
  std::uint64_t orig_rax;
  std::uint64_t eflags;
  std::uint64_t cs;
  std::uint64_t fs_base;
  std::uint64_t gs_base;
  // A snapshot follows: the code around the pc, mappings, a stack.
};

struct ThreadStackFrame {
  char comm[16];  // NUL-terminated.
  // A snapshot with its stack follows.
};

enum class HeapOperation : std::uint16_t {
  allocate,    // When the function returned.
  release,     // When it was entered.
  give_up,     // A resize was entered: from now on the allocator may give the old block away.
  reallocate,  // It returned. Without a result, and with a size, the old block lives on.
};

struct HeapFrame {
  std::uint64_t address;      // The block: what was returned, 0 for a failure; what is released or given up.
  std::uint64_t old_address;  // reallocate: the block that it was.
  std::uint64_t size;         // Bytes asked for; of an array, all of it (2^64 - 1 where that overflows).
  std::uint64_t alignment;    // As asked for; 0 where it was not.
  HeapOperation operation;
  std::uint16_t function;  // allocator::Function.
  std::uint32_t flags;     // heap_* below.
  // A snapshot with the stack follows, and with the function's name where the user has named it.
};

// Functions of several kinds are one and the same here: which of them was called is not known.
inline constexpr std::uint32_t heap_kind_unknown = 1;
// The call was left out, and is told for what it gives back alone: it is shown to nobody.
inline constexpr std::uint32_t heap_left_out = 2;

// Bytes, as /proc tells them while the process runs: not all of the very same moment.
struct MemoryUseFrame {
  std::uint64_t resident;
  std::uint64_t anonymous;  // Of `resident`: what belongs to no file.
  std::uint64_t brk;        // The heap of brk(2).
  std::uint64_t mapped;     // Writable private mappings of no file, but for brk's and stacks; touched or not.
};

// Why a copy was made.
enum class CopyReason : std::uint32_t {
  ends,      // The process ends.
  killed,    // A signal ends it.
  executes,  // It is about to execute another program; it does if an exec frame follows.
  left,      // It is let go, and goes on.
  looked,    // It was time to look at it: it goes on, and stays traced.
};

// Where the copy is told of, in the file that tracer and console share: of no use to anybody else.
struct MemoryCopiedFrame {
  std::uint64_t offset;
  std::uint64_t size;
  std::uint64_t pause_ns;  // For how long the process stood still for it.
  CopyReason reason;
  std::uint32_t reserved;
};

// What a snapshot's segment holds.
enum class SegmentKind : std::uint16_t {
  memory = 1,   // A structure or an array of them.
  data,         // Contents of a buffer: what read and write carry.
  path,         // A file name, up to and with its NUL.
  argument,     // A program's argument, up to and with its NUL.
  environment,  // An environment string, up to and with its NUL.
  // Of a descriptor, whose number is the address.
  fd_path,    // What /proc/PID/fd/N names.
  fd_detail,  // More on what it refers to: the ends of a socket, a device's numbers. See FdTarget.
  stack,      // The task's stack: `address` is its id. No bytes.
  // Of a descriptor again.
  fd_socket_name,  // What a Unix socket was bound to.
  fd_protocol,     // A netlink socket's NETLINK_* family, an int; -1 when it is not known.
  // Of a crash.
  mapping,  // A line of /proc/PID/maps, that of `address` or, where none has it, of its neighbours.
  message,  // What the program said before it aborted.
  // Of an allocation.
  function,  // The name of an allocator's function.
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
