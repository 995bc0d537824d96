// The times that utimensat() and its forerunners set.
#include <array>
#include <fcntl.h>
#include <sys/stat.h>

#include "decode/print.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

// Two words of `word` bytes: seconds and their fraction.
struct Moment {
  std::int64_t seconds;
  std::uint64_t fraction;
};

Moment moment_at(const Value& value, Address at, std::size_t word) {
  std::array<std::byte, 16> bytes{};
  value.read(at, std::span(bytes).first(2 * word));
  return {signed_at(bytes, 0, word), static_cast<std::uint64_t>(signed_at(bytes, word, word))};
}

void print_moment(const Value& value, const Moment& moment, std::string_view fraction_name) {
  auto& out = value.out;
  out.begin_struct();
  out.field("tv_sec");
  out.integer(moment.seconds);
  out.field(fraction_name);
  out.unsigned_integer(moment.fraction);
  out.end_struct();
}

// A timespec with the values that stand for "now" and "leave it".
void print_utimens(const Value& value, const Moment& moment) {
  const std::string_view special =
      moment.fraction == UTIME_NOW ? "UTIME_NOW" : (moment.fraction == UTIME_OMIT ? "UTIME_OMIT" : "");
  if (!special.empty() && value.style.xlat == Xlat::abbrev) return value.out.symbol(special, moment.fraction);
  print_moment(value, moment, "tv_nsec");
  if (special.empty()) return print_calendar(value, moment.seconds, moment.fraction, 9);
  if (value.style.xlat == Xlat::verbose) value.out.comment(special);
}

void print_utime(const Value& value, const Moment& moment) {
  print_moment(value, moment, "tv_usec");
  if (moment.fraction < 1'000'000) print_calendar(value, moment.seconds, moment.fraction * 1000, 6);
}

// The pair of access and modification time.
void print_pair(const Value& value, std::size_t word, void (*print)(const Value&, const Moment&)) {
  const Address address{as_word(value, value.raw)};
  if (unreadable(value, address, 4 * word)) return;
  value.out.begin_array();
  for (std::uint64_t i = 0; i < 2; ++i) {
    value.out.element();
    print(value, moment_at(value, address + i * 2 * word, word));
  }
  value.out.end_array();
}

void render_utimens_pair(const Value& value) { print_pair(value, value.word(), print_utimens); }
void render_utimens64_pair(const Value& value) { print_pair(value, 8, print_utimens); }
void render_timeval_pair(const Value& value) { print_pair(value, value.word(), print_utime); }

void render_utimbuf(const Value& value) {
  const Address address{as_word(value, value.raw)};
  if (unreadable(value, address, 2 * value.word())) return;
  const Moment times = moment_at(value, address, value.word());
  auto& out = value.out;
  out.begin_struct();
  out.field("actime");
  out.integer(times.seconds);
  print_calendar(value, times.seconds, 0, 0);
  out.field("modtime");
  out.integer(static_cast<std::int64_t>(times.fraction));
  print_calendar(value, static_cast<std::int64_t>(times.fraction), 0, 0);
  out.end_struct();
}

constexpr Registration table[] = {
    {Kind::utimens_pair_in, render_utimens_pair},
    {Kind::utimens64_pair_in, render_utimens64_pair},
    {Kind::timeval_pair_in, render_timeval_pair},
    {Kind::utimbuf_in, render_utimbuf},
};

}  // namespace

Domain time_file_domain() { return {table}; }

}  // namespace sonde::decode
