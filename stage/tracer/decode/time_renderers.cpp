// Times, timers and clocks.
#include <cerrno>
#include <csignal>

#include "decode/members.hpp"
#include "decode/renderers.hpp"
#include "decode/signal_print.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

Address address_of(const Value& value) { return {as_word(value, value.raw)}; }

// A time and its fraction, each a long, or 64 bits for every caller.
constexpr Member timespec_members[] = {{"tv_sec", Cell::slong, Kind::ldec},
                                       {"tv_nsec", Cell::ulong, Kind::ludec}};
constexpr Member timespec64_members[] = {{"tv_sec", Cell::i64, Kind::ldec},
                                         {"tv_nsec", Cell::u64, Kind::ludec}};
constexpr Member timeval_members[] = {{"tv_sec", Cell::slong, Kind::ldec},
                                      {"tv_usec", Cell::ulong, Kind::ludec}};

using Members = std::span<const Member>;

void print_time(const Value& value, Members members) { print_struct(value, address_of(value), members); }

void render_timespec(const Value& value) { print_time(value, timespec_members); }
void render_timespec64(const Value& value) { print_time(value, timespec64_members); }
void render_timeval(const Value& value) { print_time(value, timeval_members); }
void render_timespec_before(const Value& value) { print_time(value.as_before(), timespec_members); }
void render_timespec64_before(const Value& value) { print_time(value.as_before(), timespec64_members); }
void render_timeval_before(const Value& value) { print_time(value.as_before(), timeval_members); }

// The time that a sleep had left, which is filled only when a signal ended it.
void print_time_left(const Value& value, Members members) {
  constexpr std::int64_t interrupted = -EINTR, to_restart = -516;  // ERESTART_RESTARTBLOCK
  const bool filled =
      value.exited() && (value.call.exit->ret == interrupted || value.call.exit->ret == to_restart);
  if (!filled) return value.out.address(address_of(value).value);
  print_time(value, members);
}
void render_time_left(const Value& value) { print_time_left(value, timespec_members); }
void render_time_left64(const Value& value) { print_time_left(value, timespec64_members); }

// Two times one after another, with a name each.
void print_interval(const Value& value, Members members) {
  const Address address = address_of(value);
  const std::size_t size = struct_size(members, value.call.abi);
  if (unreadable(value, address, 2 * size)) return;
  value.out.begin_struct();
  value.out.field("it_interval");
  print_struct(value, address, members);
  value.out.field("it_value");
  print_struct(value, address + size, members);
  value.out.end_struct();
}
void render_itimerval(const Value& value) { print_interval(value, timeval_members); }
void render_itimerspec(const Value& value) { print_interval(value, timespec_members); }
void render_itimerspec64(const Value& value) { print_interval(value, timespec64_members); }

void print_dated(const Value& value, std::uint64_t seconds) {
  value.out.integer(static_cast<std::int64_t>(seconds));
  print_calendar(value, static_cast<std::int64_t>(seconds), 0, 0);
}

void render_time(const Value& value) {
  const auto seconds = MemberCursor(value, address_of(value)).next(Cell::slong);
  if (address_of(value).value == 0 || !seconds) return value.out.address(address_of(value).value);
  value.out.begin_array();
  value.out.element();
  print_dated(value, *seconds);
  value.out.end_array();
}

void render_time_result(const Value& value) {
  value.out.integer(as_signed_word(value, value.raw));
  const std::string date = calendar_text(as_signed_word(value, value.raw), 0, 0);
  if (!date.empty()) value.out.remark(date);
}

void render_timezone(const Value& value) {
  static constexpr Member members[] = {{"tz_minuteswest", Cell::i32, Kind::dec},
                                       {"tz_dsttime", Cell::i32, Kind::dec}};
  print_struct(value, address_of(value), members);
}

void render_process_times(const Value& value) {
  static constexpr Member members[] = {{"tms_utime", Cell::slong, Kind::ludec},
                                       {"tms_stime", Cell::slong, Kind::ludec},
                                       {"tms_cutime", Cell::slong, Kind::ludec},
                                       {"tms_cstime", Cell::slong, Kind::ludec}};
  print_struct(value, address_of(value), members);
}

// struct timex: what lies before its time, and what lies after.
constexpr Member timex_before[] = {
    {"modes", Cell::u32, Kind::none},       {"offset", Cell::slong, Kind::ldec},
    {"freq", Cell::slong, Kind::ldec},      {"maxerror", Cell::slong, Kind::ldec},
    {"esterror", Cell::slong, Kind::ldec},  SONDE_SET_MEMBER("status", Cell::i32, "timex_status"),
    {"constant", Cell::slong, Kind::ldec},  {"precision", Cell::slong, Kind::ludec},
    {"tolerance", Cell::slong, Kind::ldec},
};
constexpr Member timex_after[] = {
    {"tick", Cell::slong, Kind::ldec},   {"ppsfreq", Cell::slong, Kind::ldec},
    {"jitter", Cell::slong, Kind::ldec}, {"shift", Cell::i32, Kind::dec},
    {"stabil", Cell::slong, Kind::ldec}, {"jitcnt", Cell::slong, Kind::ldec},
    {"calcnt", Cell::slong, Kind::ldec}, {"errcnt", Cell::slong, Kind::ldec},
    {"stbcnt", Cell::slong, Kind::ldec}, {"tai", Cell::i32, Kind::dec},
};

void print_timex(const Value& value, std::size_t time_offset, Members time) {
  const Address address = address_of(value);
  const std::size_t time_size = struct_size(time, value.call.abi);
  const auto modes = read_unsigned(value, address, sizeof(int));
  if (!value.succeeded() || !modes) return value.out.address(address.value);
  value.out.begin_struct();
  value.out.field("modes");
  print_flags(value, named_set<"timex_modes">(), *modes);
  print_members(value, address, timex_before);
  value.out.field("time");
  print_struct(value, address + time_offset, time);
  print_members(value, address + (time_offset + time_size), timex_after);
  value.out.end_struct();
}

void render_timex(const Value& value) {
  print_timex(value, struct_size(timex_before, value.call.abi), timeval_members);
}

// With 64-bit members for every caller, it is laid out as for 64-bit ones.
void render_timex64(const Value& value) {
  if (value.word() == 8) return render_timex(value);
  value.out.address(address_of(value).value);
}

void render_timex_result(const Value& value) {
  value.out.integer(static_cast<std::int32_t>(value.raw));
  const std::string_view name = named_set<"timex_state">().name_of(static_cast<std::uint32_t>(value.raw));
  if (!name.empty()) value.out.remark(name);
}

// Negative clock ids are those of processes and of descriptors; strace 6.1 has no names for them.
void render_clock(const Value& value) {
  const auto& clocks = named_set<"clock">();
  print_constant(value, clocks, static_cast<std::uint32_t>(value.raw));
}

void print_notified(const Value& value, int notify, Address at) {
  if (notify == SIGEV_THREAD_ID) {
    value.out.field("sigev_notify_thread_id");
    value.out.integer(static_cast<std::int32_t>(read_unsigned(value, at, sizeof(int)).value_or(0)));
  } else if (notify == SIGEV_THREAD) {
    value.out.field("sigev_notify_function");
    value.out.address(read_word(value, at).value_or(0));
    value.out.field("sigev_notify_attributes");
    value.out.address(read_word(value, at + value.word()).value_or(0));
  }
}

void render_event_request(const Value& value) {
  MemberCursor cursor(value, address_of(value));
  const auto data = cursor.next(Cell::ulong);
  const auto signal = cursor.next(Cell::i32);
  const auto notify = cursor.next(Cell::i32);
  if (address_of(value).value == 0 || !data || !signal || !notify) {
    return value.out.address(address_of(value).value);
  }
  value.out.begin_struct();
  if (*data != 0) {
    value.out.field("sigev_value");
    value.out.begin_struct();
    value.out.field("sival_int");
    value.out.integer(static_cast<std::int32_t>(*data));
    value.out.field("sival_ptr");
    value.out.address(*data);
    value.out.end_struct();
  }
  const auto how = static_cast<int>(*notify);
  const bool signals = how == SIGEV_SIGNAL || how == SIGEV_THREAD || how == SIGEV_THREAD_ID;
  value.out.field("sigev_signo");
  if (signals) {
    print_signal(value, static_cast<int>(*signal));
  } else {
    value.out.unsigned_integer(static_cast<std::uint32_t>(*signal));
  }
  value.out.field("sigev_notify");
  print_constant(value, named_set<"sigev_notify">(), static_cast<std::uint32_t>(how));
  print_notified(value, how, cursor.where(Cell::i32));
  value.out.end_struct();
}

void render_timer_id(const Value& value) { print_pointee(value, address_of(value), Cell::i32, Kind::dec); }

constexpr Registration table[] = {
    {Kind::timespec_in, render_timespec},
    {Kind::timespec_out, render_timespec},
    {Kind::timespec_inout, render_timespec_before},
    {Kind::timespec_rem_out, render_time_left, true},
    {Kind::timespec64_in, render_timespec64},
    {Kind::timespec64_out, render_timespec64},
    {Kind::timespec64_inout, render_timespec64_before},
    {Kind::timespec64_rem_out, render_time_left64, true},
    {Kind::timeval_in, render_timeval},
    {Kind::timeval_out, render_timeval},
    {Kind::timeval_inout, render_timeval_before},
    {Kind::time_in, render_time},
    {Kind::time_out, render_time},
    {Kind::timezone_in, render_timezone},
    {Kind::timezone_out, render_timezone},
    {Kind::itimerval_in, render_itimerval},
    {Kind::itimerval_out, render_itimerval},
    {Kind::itimerspec_in, render_itimerspec},
    {Kind::itimerspec_out, render_itimerspec},
    {Kind::itimerspec64_in, render_itimerspec64},
    {Kind::itimerspec64_out, render_itimerspec64},
    {Kind::timex_update, render_timex},
    {Kind::timex64_update, render_timex64},
    {Kind::tms_out, render_process_times},
    {Kind::clockid, render_clock},
    {Kind::sigevent_in, render_event_request},
    {Kind::timer_id_out, render_timer_id},
    {Kind::ret_time, render_time_result},
    {Kind::ret_adjtimex, render_timex_result},
};

}  // namespace

Domain time_domain() { return {table}; }

}  // namespace sonde::decode
