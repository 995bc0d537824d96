// The events of a trace as filters see them.
#pragma once

#include <csignal>
#include <optional>
#include <string_view>

#include "sonde/event/event.hpp"
#include "sonde/filter/evaluate.hpp"

namespace sonde::filter {

// What is known of an event's stack.
class StackView {
 public:
  // One thing may have several names that people give it: a function with and without its parameters, a file
  // with and without its folder.
  using Names = Values<std::string_view>;

  virtual ~StackView() = default;

  // The site: the innermost function outside of the runtime libraries. Absent when the stack has none;
  // unreadable what is not known of it.
  virtual Names site_function() const = 0;
  virtual Names site_file() const = 0;
  virtual Names site_module() const = 0;
  virtual Values<Integer> site_line() const = 0;
  // Whether some frame has that name.
  virtual Verdict has(StackPart part, std::string_view name) const = 0;
};

// What every event has. The names are those of the process when the event happened; empty ones could not be
// read.
struct Origin {
  TaskId task;
  Nanoseconds since_start = 0;  // `time`
  std::string_view comm = {};
  std::string_view exe = {};
  const StackView* stack =
      nullptr;  // Null when none was taken: site fields and `stack has` are unknown then.
};

// An event of that kind with nothing of its own: process events (starts, execs, ends, group-stops).
class OriginFields : public Fields {
 public:
  OriginFields(const Origin& origin, EventKind kind) : origin_(origin), kind_(kind) {}

  Values<Integer> integers(Field field) const override;
  Values<std::string_view> strings(Field field) const override;
  Bits bits(Field field) const override;
  Verdict stack_has(StackPart part, std::string_view name) const override;

 private:
  Origin origin_;
  EventKind kind_;
};

// How far a call is.
enum class CallState : std::uint8_t {
  entered,     // At its entry: what the exit tells is pending.
  returned,    // CallView::exit is set.
  unfinished,  // The three below never returned, or not to us: what the exit would tell is absent, but for
               // `status`.
  unavailable,
  detached,
};

// A system call; a view.
struct CallView {
  Origin origin;
  Abi abi = Abi::x86_64;
  std::uint32_t nr = 0;
  const syscall::Row* row = nullptr;  // syscall::resolve() of the arguments; never null.
  std::span<const std::uint64_t, syscall::max_arguments> args;
  event::Snapshot entered;
  CallState state = CallState::entered;
  std::int64_t ret = 0;  // Of a returned call: as in event::SyscallExit.
  bool failed = false;
  Nanoseconds duration = 0;
};

// The fields of a system call:
//   argN      the argument in register N, as wide and signed as its kind; absent where the call has no such
//   argument fd        the descriptor arguments; AT_FDCWD counts as -100 path      the path arguments, and
//   the paths behind descriptors where they were captured; a null pointer, a
//             negative descriptor and AT_FDCWD without its path have none
//   flags     the arguments that are sets of flags
//   ret       -1 where the call failed, as the program sees it; the reason is in errno, which else is absent
class CallFields final : public OriginFields {
 public:
  explicit CallFields(const CallView& call) : OriginFields(call.origin, EventKind::syscall), call_(call) {}

  Values<Integer> integers(Field field) const override;
  Values<std::string_view> strings(Field field) const override;
  Values<FlagBits> flags() const override;
  Bits bits(Field field) const override;
  std::optional<SyscallNumber> call() const override;

 private:
  Integer value(const syscall::Argument& argument) const;
  Values<std::string_view> paths() const;
  Presence exit_presence() const;

  const CallView& call_;
};

// A signal about to be delivered. signal.address is what a fault was at, for signals that the kernel raised.
class SignalFields final : public OriginFields {
 public:
  SignalFields(const Origin& origin, const siginfo_t& info)
      : OriginFields(origin, EventKind::signal), info_(info) {}

  Values<Integer> integers(Field field) const override;

 private:
  const siginfo_t& info_;
};

// A call of an allocator; a view. Its kind is alloc, free or realloc.
struct HeapView {
  const event::HeapCall& call;
  // Of the block that was given back, where its allocation was seen.
  std::optional<Nanoseconds> age = {};
};

// The fields of an allocator's call:
//   alloc.size      what was asked for; a free has none
//   alloc.address   the block; 0 where there is none; of a resize the old one as well
//   alloc.function  as people write it ("operator new"), and as it is in a symbol table
//   alloc.usable    not known
//   alloc.age       of a block that a free or a resize has given back
class HeapFields final : public OriginFields {
 public:
  HeapFields(const Origin& origin, const HeapView& heap);

  Values<Integer> integers(Field field) const override;
  Values<std::string_view> strings(Field field) const override;

 private:
  const HeapView heap_;
};

// A call of an allocator at its entry; a view. Its operation is what it will be told as.
struct HeapEntryView {
  TaskId task;
  event::HeapOperation operation{};
  // Of any call that is told as such: nothing else is known, and the members below mean nothing.
  bool any_such = false;
  std::uint16_t function = 0;      // allocator::Function
  std::string_view own_name = {};  // Of a function that has no row.
  std::uint64_t address = 0;       // Of a release: the block.
  std::uint64_t size = 0;
};

// The fields of HeapFields, as far as an entry knows them: what the end, the stack, the process or the
// account of its heap would tell is pending. An expression that is `no` or `unknown` here is so at the end.
class HeapEntryFields final : public Fields {
 public:
  explicit HeapEntryFields(const HeapEntryView& entry) : entry_(entry) {}

  Values<Integer> integers(Field field) const override;
  Values<std::string_view> strings(Field field) const override;
  Bits bits(Field field) const override;
  Verdict stack_has(StackPart, std::string_view) const override { return Verdict::pending; }

 private:
  const HeapEntryView& entry_;
};

// What must be captured for an expression to be decided; what was not is unknown.
struct RequiredCapture {
  bool paths = false;     // Path arguments.
  bool fd_paths = false;  // The paths behind descriptor arguments.
  bool names = false;     // comm and exe.
  bool stacks = false;
  bool ages = false;  // Of blocks: every allocation must be known.
  bool heap = false;  // Calls of allocators: it asks for what only these have, or for their kinds.
};

RequiredCapture required_capture(const TypedExpr& expr);

}  // namespace sonde::filter
