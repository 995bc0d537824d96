// Scheduling, clone3() and futexes: what has structures of their own.
#include <algorithm>
#include <array>
#include <linux/sched.h>

#include <fmt/format.h>

#include "decode/members.hpp"
#include "decode/renderers.hpp"
#include "decode/signal_print.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

Address address_of(const Value& value) { return {as_word(value, value.raw)}; }

void render_sched_param(const Value& value) { print_pointee(value, address_of(value), Cell::i32, Kind::dec); }

// The structure as it grew: its size tells how far it goes.
constexpr std::uint32_t sched_attr_first_size = 48;
constexpr Member sched_attr_first[] = {
    {"size", Cell::u32, Kind::udec},
    {"sched_policy", Cell::u32, Kind::sched_policy},
    SONDE_SET_MEMBER("sched_flags", Cell::u64, "sched_attr_flags"),
    {"sched_nice", Cell::i32, Kind::dec},
    {"sched_priority", Cell::u32, Kind::udec},
    {"sched_runtime", Cell::u64, Kind::ludec},
    {"sched_deadline", Cell::u64, Kind::ludec},
    {"sched_period", Cell::u64, Kind::ludec},
};
constexpr Member sched_attr_utilization[] = {
    {"sched_util_min", Cell::u32, Kind::udec},
    {"sched_util_max", Cell::u32, Kind::udec},
};
constexpr std::uint32_t sched_attr_size = 56;

void print_sched_attr(const Value& value, std::uint32_t size) {
  const Address address = address_of(value);
  value.out.begin_struct();
  print_members(value, address, sched_attr_first);
  if (size >= sched_attr_size) print_members(value, address + sched_attr_first_size, sched_attr_utilization);
  if (size > sched_attr_size) value.out.more();
  value.out.end_struct();
}

void render_sched_attr_in(const Value& value) {
  const auto size = read_unsigned(value, address_of(value), 4);
  if (!size) return value.out.address(address_of(value).value);
  if (*size != 0 && *size < sched_attr_first_size) {
    value.out.begin_struct();
    value.out.field("size");
    value.out.unsigned_integer(*size);
    return value.out.end_struct();
  }
  if (unreadable(value, address_of(value), sched_attr_first_size)) return;
  print_sched_attr(value, static_cast<std::uint32_t>(*size));
}

void render_sched_attr_out(const Value& value) {
  const auto size = read_unsigned(value, address_of(value), 4);
  if (!size || unreadable(value, address_of(value), sched_attr_first_size)) {
    if (!size) value.out.address(address_of(value).value);
    return;
  }
  print_sched_attr(value, static_cast<std::uint32_t>(std::min<std::uint64_t>(*size, value.call.args[2])));
}

// clone3()'s arguments, of which most are shown only when they mean something.
struct CloneArgs {
  std::uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
  std::uint64_t set_tid, set_tid_size, cgroup;
};
constexpr std::uint64_t clone_args_first_size = 64;
constexpr std::uint64_t flag_into_cgroup = 0x200000000;

void print_pointer(const Value& value, std::string_view name, std::uint64_t pointer) {
  value.out.field(name);
  value.out.address(pointer);
}

void print_wanted_tids(const Value& value, const CloneArgs& args) {
  if (args.set_tid != 0 || args.set_tid_size != 0) {
    value.out.field("set_tid");
    constexpr std::uint64_t most = 32;  // MAX_PID_NS_LEVEL
    if (args.set_tid_size == 0 || args.set_tid_size > most) {
      value.out.address(args.set_tid);
    } else {
      print_array(value, {args.set_tid}, args.set_tid_size, sizeof(int), [&](Address at) {
        value.out.integer(static_cast<std::int32_t>(read_unsigned(value, at, sizeof(int)).value_or(0)));
      });
    }
    value.out.field("set_tid_size");
    value.out.unsigned_integer(args.set_tid_size);
  }
}

void print_clone_args(const Value& value, const CloneArgs& args, std::uint64_t size) {
  auto& out = value.out;
  out.begin_struct();
  out.field("flags");
  print_flags(value, named_set<"clone3_flags">(), args.flags);
  if ((args.flags & CLONE_PIDFD) != 0) print_pointer(value, "pidfd", args.pidfd);
  if ((args.flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) != 0) {
    print_pointer(value, "child_tid", args.child_tid);
  }
  if ((args.flags & CLONE_PARENT_SETTID) != 0) print_pointer(value, "parent_tid", args.parent_tid);
  out.field("exit_signal");
  if (args.exit_signal < INT32_MAX) {
    print_signal(value, static_cast<int>(args.exit_signal));
  } else {
    out.unsigned_integer(args.exit_signal);
  }
  print_pointer(value, "stack", args.stack);
  out.field("stack_size");
  out.hex(args.stack_size);
  if ((args.flags & CLONE_SETTLS) != 0) print_pointer(value, "tls", args.tls);
  print_wanted_tids(value, args);
  if (args.cgroup != 0 || (args.flags & flag_into_cgroup) != 0) {
    out.field("cgroup");
    print_fd(value, static_cast<int>(args.cgroup));
  }
  print_rest(value, address_of(value), sizeof(CloneArgs), size);
  out.end_struct();
}

// What the kernel stored for the caller, which only a success leaves.
void print_clone_results(const Value& value, const CloneArgs& args) {
  value.out.begin_struct();
  if ((args.flags & CLONE_PIDFD) != 0) {
    value.out.field("pidfd");
    print_pointee(value, {args.pidfd}, Cell::i32, Kind::fd);
  }
  if ((args.flags & CLONE_PARENT_SETTID) != 0) {
    // The kernel stores what the call returns.
    value.out.field("parent_tid");
    value.out.begin_array();
    value.out.element();
    value.out.integer(result_of(value));
    value.out.end_array();
  }
  value.out.end_struct();
}

void render_clone_args(const Value& value) {
  const std::uint64_t size = as_word(value, value.call.args[1]);
  CloneArgs args{};
  const auto known = std::min<std::uint64_t>(size, sizeof args);
  const auto bytes = std::as_writable_bytes(std::span(&args, 1)).first(known);
  const Value before = value.as_before();
  if (size < clone_args_first_size || address_of(value).value == 0 ||
      before.read(address_of(value), bytes) != known) {
    return value.out.address(address_of(value).value);
  }
  const bool has_results = value.succeeded() && (args.flags & (CLONE_PIDFD | CLONE_PARENT_SETTID)) != 0;
  if (!has_results) return print_clone_args(before, args, size);
  value.out.begin_change();
  print_clone_args(before, args, size);
  value.out.changed();
  print_clone_results(value, args);
  value.out.end_change();
}

void print_waiter(const Value& value, Address at) {
  MemberCursor cursor(value, at);
  const std::uint64_t expected = cursor.next(Cell::u64).value_or(0);
  const std::uint64_t address = cursor.next(Cell::u64).value_or(0);
  const std::uint64_t flags = cursor.next(Cell::u32).value_or(0);
  const std::uint64_t reserved = cursor.next(Cell::u32).value_or(0);
  value.out.begin_struct();
  value.out.field("val");
  value.out.hex(expected);
  print_pointer(value, "uaddr", address);
  value.out.field("flags");
  print_flags(value, named_set<"futex_waitv_flags">(), flags);
  if (reserved != 0) {
    value.out.field("__reserved");
    value.out.hex(reserved);
  }
  value.out.end_struct();
}

void render_waiters(const Value& value) {
  constexpr std::size_t waiter_size = 24;
  print_array(
      value, address_of(value), static_cast<std::uint32_t>(value.call.args[1]), waiter_size,
      [&](Address at) { print_waiter(value, at); }, shown_elements(value));
}

// The commands that the kernel knows, when those were asked for.
void render_barrier_result(const Value& value) {
  constexpr std::uint32_t query = 0;
  const auto result = static_cast<std::uint32_t>(value.raw);
  if (static_cast<std::uint32_t>(value.call.args[0]) != query)
    return value.out.integer(static_cast<int>(result));
  value.out.hex(result);
  const auto* commands = syscall::constants_of(Kind::membarrier_cmd);
  const std::string text = commands == nullptr ? std::string() : flags_text(commands->values, result);
  if (text.empty()) return;
  print_remark(value, [&](const Value& remark) { print_symbol(remark, text, result); });
}

// What the kernel takes of a name for a task. strace looks no further, and marks a name that ends just there
// as cut.
void render_task_name(const Value& value) {
  std::array<std::byte, 15> name;
  const auto taken = std::span(name).first(value.read(address_of(value), name));
  const auto end = std::ranges::find(taken, std::byte{0});
  const auto length = static_cast<std::size_t>(end - taken.begin());
  const bool ends = end != taken.end();
  if (address_of(value).value == 0 || (!ends && taken.size() < name.size()))
    return print_string(value, address_of(value));
  const auto shown = std::min<std::size_t>(length, value.style.string_limit);
  value.out.string(Bytes(taken).first(shown), !ends || shown < length);
}

// Only a barrier on one CPU names it.
bool names_cpu(const Call& call) { return (call.args[1] & 1) != 0; }

constexpr Optional optionals[] = {{"membarrier", 2, names_cpu}};

constexpr Registration table[] = {
    {Kind::ret_membarrier, render_barrier_result}, {Kind::task_name_in, render_task_name},
    {Kind::sched_param_in, render_sched_param},    {Kind::sched_param_out, render_sched_param},
    {Kind::sched_attr_in, render_sched_attr_in},   {Kind::sched_attr_out, render_sched_attr_out},
    {Kind::clone_args_update, render_clone_args},  {Kind::futex_waitv_in, render_waiters},
};

}  // namespace

Domain process_sched_domain() { return {table, optionals}; }

}  // namespace sonde::decode
