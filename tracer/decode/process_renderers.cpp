// Processes: their creation and end, limits and usage, what is known of the system.
#include <algorithm>
#include <array>
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <vector>

#include <fmt/format.h>

#include "decode/members.hpp"
#include "decode/renderers.hpp"
#include "decode/signal_print.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

Address address_of(const Value& value) { return {as_word(value, value.raw)}; }

// wait4() that found no child ready has filled nothing.
bool found_none(const Value& value) {
  return value.call.row->name.view().starts_with("wait4") && result_of(value) == 0;
}

std::string signal_text(int signal) {
  const std::string_view name = syscall::signal_name(signal);
  return name.empty() ? fmt::format("{}", signal) : std::string(name);
}

std::string event_text(unsigned event) {
  const std::string_view name = named_set<"ptrace_event">().name_of(event);
  return name.empty() ? fmt::format("{:#x}", event) : std::string(name);
}

// The macros of wait(2) that hold of a status.
std::string status_text(int status) {
  constexpr int system_call_stop = 0x80;  // What PTRACE_O_TRACESYSGOOD adds to SIGTRAP.
  if (WIFEXITED(status)) return fmt::format("{{WIFEXITED(s) && WEXITSTATUS(s) == {}}}", WEXITSTATUS(status));
  if (WIFCONTINUED(status)) return "{WIFCONTINUED(s)}";
  if (WIFSTOPPED(status)) {
    const int signal = WSTOPSIG(status);
    std::string text =
        fmt::format("{{WIFSTOPPED(s) && WSTOPSIG(s) == {}{}}}", signal_text(signal & ~system_call_stop),
                    (signal & system_call_stop) != 0 ? " | 0x80" : "");
    const unsigned event = static_cast<unsigned>(status) >> 16;
    if (event != 0) text += fmt::format("|{}<<16", event_text(event));
    return text;
  }
  return fmt::format("{{WIFSIGNALED(s) && WTERMSIG(s) == {}{}}}", signal_text(WTERMSIG(status)),
                     WCOREDUMP(status) ? " && WCOREDUMP(s)" : "");
}

void render_wait_status(const Value& value) {
  const auto status = read_as<int>(value, address_of(value));
  if (found_none(value) || !status) return value.out.address(address_of(value).value);
  value.out.begin_array();
  value.out.element();
  value.out.symbol(status_text(*status), static_cast<std::uint32_t>(*status));
  value.out.end_array();
}

constexpr Member usage_members[] = {
    {"ru_maxrss", Cell::slong, Kind::ludec},  {"ru_ixrss", Cell::slong, Kind::ludec},
    {"ru_idrss", Cell::slong, Kind::ludec},   {"ru_isrss", Cell::slong, Kind::ludec},
    {"ru_minflt", Cell::slong, Kind::ludec},  {"ru_majflt", Cell::slong, Kind::ludec},
    {"ru_nswap", Cell::slong, Kind::ludec},   {"ru_inblock", Cell::slong, Kind::ludec},
    {"ru_oublock", Cell::slong, Kind::ludec}, {"ru_msgsnd", Cell::slong, Kind::ludec},
    {"ru_msgrcv", Cell::slong, Kind::ludec},  {"ru_nsignals", Cell::slong, Kind::ludec},
    {"ru_nvcsw", Cell::slong, Kind::ludec},   {"ru_nivcsw", Cell::slong, Kind::ludec},
};

void render_usage(const Value& value) {
  const Address address = address_of(value);
  const std::size_t timeval = 2 * value.word();
  if (found_none(value)) return value.out.address(address.value);
  if (unreadable(value, address, 2 * timeval + struct_size(usage_members, value.call.abi))) return;
  value.out.begin_struct();
  value.out.field("ru_utime");
  render(Kind::timeval_out, value.with(address.value));
  value.out.field("ru_stime");
  render(Kind::timeval_out, value.with(address.value + timeval));
  if (value.style.verbose) {
    print_members(value, address + 2 * timeval, usage_members);
  } else {
    value.out.more();
  }
  value.out.end_struct();
}

// A limit: a multiple of 1024 as such, infinity by name.
void print_limit(const Value& value, std::uint64_t limit, std::uint64_t infinity,
                 std::string_view infinity_name) {
  if (limit == infinity) return print_symbol(value, infinity_name, limit, Base::unsigned_decimal);
  if (limit > 1024 && limit % 1024 == 0) {
    return print_symbol(value, fmt::format("{}*1024", limit / 1024), limit, Base::unsigned_decimal);
  }
  value.out.unsigned_integer(limit);
}

void print_limits(const Value& value, std::size_t size) {
  const auto current = read_unsigned(value, address_of(value), size);
  const auto maximum = read_unsigned(value, address_of(value) + size, size);
  if (!current || !maximum) return value.out.address(address_of(value).value);
  const std::uint64_t infinity = size == 8 ? UINT64_MAX : UINT32_MAX;
  const std::string_view name = size == 8 ? "RLIM64_INFINITY" : "RLIM_INFINITY";
  value.out.begin_struct();
  value.out.field("rlim_cur");
  print_limit(value, *current, infinity, name);
  value.out.field("rlim_max");
  print_limit(value, *maximum, infinity, name);
  value.out.end_struct();
}

void render_limits(const Value& value) { print_limits(value, value.word()); }
void render_limits64(const Value& value) { print_limits(value, 8); }

// uname()'s names lie in arrays of `room` bytes.
void print_names(const Value& value, std::size_t room, std::size_t count) {
  static constexpr std::string_view names[] = {"sysname", "nodename", "release",
                                               "version", "machine",  "domainname"};
  std::vector<std::byte> bytes(room * count);
  if (value.read(address_of(value), bytes) != bytes.size()) return value.out.address(address_of(value).value);
  const std::size_t shown = value.style.verbose ? count : 2;
  value.out.begin_struct();
  for (std::size_t i = 0; i < shown; ++i) {
    value.out.field(names[i]);
    print_name(value, Bytes(bytes).subspan(i * room, room));
  }
  if (shown < count) value.out.more();
  value.out.end_struct();
}

void render_names(const Value& value) { print_names(value, sizeof utsname::sysname, 6); }
void render_old_names(const Value& value) { print_names(value, sizeof utsname::sysname, 5); }
void render_oldest_names(const Value& value) { print_names(value, 9, 5); }

void render_system(const Value& value) {
  static constexpr Member after[] = {
      {"totalram", Cell::ulong, Kind::ludec},  {"freeram", Cell::ulong, Kind::ludec},
      {"sharedram", Cell::ulong, Kind::ludec}, {"bufferram", Cell::ulong, Kind::ludec},
      {"totalswap", Cell::ulong, Kind::ludec}, {"freeswap", Cell::ulong, Kind::ludec},
      {"procs", Cell::u16, Kind::udec},        {"", Cell::u16, Kind::none},
      {"totalhigh", Cell::ulong, Kind::ludec}, {"freehigh", Cell::ulong, Kind::ludec},
      {"mem_unit", Cell::u32, Kind::udec},
  };
  const Address address = address_of(value);
  const std::size_t word = value.word();
  if (unreadable(value, address, 4 * word + struct_size(after, value.call.abi))) return;
  value.out.begin_struct();
  value.out.field("uptime");
  value.out.unsigned_integer(read_word(value, address).value_or(0));
  value.out.field("loads");
  print_array(value, address + word, 3, word,
              [&](Address at) { value.out.unsigned_integer(read_word(value, at).value_or(0)); });
  print_members(value, address + 4 * word, after);
  value.out.end_struct();
}

void render_resumed_call(const Value& value) {
  value.out.verbatim("<... resuming interrupted system call ...>");
}

// Indices of the bits that are set: [0 1 5].
void print_cpu_set(const Value& value, std::uint64_t size) {
  if (address_of(value).value == 0) return value.out.address(0);
  std::vector<std::byte> bytes(std::min<std::uint64_t>(size, limits::struct_bytes));
  if (value.read(address_of(value), bytes) != bytes.size() || (size > 0 && bytes.empty())) {
    return value.out.address(address_of(value).value);
  }
  value.out.begin_set(false);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    if ((bytes[bit / 8] & std::byte(1u << bit % 8)) == std::byte{0}) continue;
    value.out.member();
    value.out.unsigned_integer(bit);
  }
  value.out.end_set();
}

void render_cpu_set_in(const Value& value) {
  // The kernel reads whole words.
  const std::uint64_t size = static_cast<std::uint32_t>(value.call.args[1]);
  print_cpu_set(value, size & ~std::uint64_t{value.word() - 1});
}

void render_cpu_set_out(const Value& value) {
  print_cpu_set(value, static_cast<std::uint64_t>(result_of(value)));
}

constexpr Registration table[] = {
    {Kind::wait_status_out, render_wait_status},
    {Kind::rusage_out, render_usage},
    {Kind::rlimit_in, render_limits},
    {Kind::rlimit_out, render_limits},
    {Kind::rlimit64_in, render_limits64},
    {Kind::rlimit64_out, render_limits64},
    {Kind::utsname_out, render_names},
    {Kind::oldutsname_out, render_old_names},
    {Kind::oldoldutsname_out, render_oldest_names},
    {Kind::sysinfo_out, render_system},
    {Kind::resumed_call, render_resumed_call},
    {Kind::cpuset_in, render_cpu_set_in},
    {Kind::cpuset_out, render_cpu_set_out},
};

// Which of clone()'s last arguments mean anything, its flags say. The two ABIs have the last two in opposite
// order.
bool has_parent_tid(const Call& call) { return (call.args[0] & (CLONE_PARENT_SETTID | CLONE_PIDFD)) != 0; }
bool has_child_tid(const Call& call) {
  return (call.args[0] & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) != 0;
}
bool has_tls(const Call& call) { return (call.args[0] & CLONE_SETTLS) != 0; }
bool has_fourth(const Call& call) { return call.abi == Abi::i386 ? has_tls(call) : has_child_tid(call); }
bool has_fifth(const Call& call) { return call.abi == Abi::i386 ? has_child_tid(call) : has_tls(call); }

constexpr Optional optionals[] = {
    {"clone", 2, has_parent_tid},
    {"clone", 3, has_fourth},
    {"clone", 4, has_fifth},
};

}  // namespace

Domain process_domain() { return {table, optionals}; }

}  // namespace sonde::decode
