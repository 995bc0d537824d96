// The calls about signals.
#include <algorithm>
#include <bit>
#include <csignal>

#include <fmt/format.h>

#include "decode/renderers.hpp"
#include "decode/signal_print.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

constexpr unsigned kernel_signals = 64;
constexpr std::size_t kernel_set_bytes = kernel_signals / 8;

Address address_of(const Value& value) { return {as_word(value, value.raw)}; }

std::string signal_label(const Value& value, unsigned signal) {
  std::string_view name = syscall::signal_name(static_cast<int>(signal));
  if (name.empty() || value.style.xlat == Xlat::raw) return fmt::format("{}", signal);
  if (name.starts_with("SIG")) name.remove_prefix(3);
  return std::string(name);
}

// A call's sets have the size that one of its arguments states: the last one, but for signalfd4()'s flags
// after it.
std::uint64_t set_size(const Value& value) {
  const syscall::Row& row = *value.call.row;
  const unsigned index = row.name.view().starts_with("signalfd") ? 2 : row.argument_count - 1u;
  return as_word(value, value.call.args[std::min(index, syscall::max_arguments - 1)]);
}

void render_signal_set(const Value& value) {
  const Address address = address_of(value);
  const std::uint64_t size = set_size(value);
  // Only rt_sigpending() takes a part of a set.
  const bool fits =
      size == kernel_set_bytes || (value.call.row->name == "rt_sigpending" && size < kernel_set_bytes);
  const auto mask = fits ? read_unsigned(value, address, size) : std::nullopt;
  if (address.value == 0 || !mask) return value.out.address(address.value);
  print_signal_set(value, *mask);
}

// The 32-bit sets of the calls that came before rt_*.
void render_old_signal_set(const Value& value) {
  const auto mask = read_unsigned(value, address_of(value), 4);
  if (!mask) return value.out.address(address_of(value).value);
  print_signal_set(value, *mask);
}

void print_handler(const Value& value, std::uint64_t handler) {
  const std::string_view name = named_set<"signal_handler">().name_of(handler);
  if (name.empty()) return value.out.address(handler);
  print_symbol(value, name, handler);
}

void print_action(const Value& value, std::uint64_t handler, std::uint64_t mask, std::uint64_t flags,
                  std::uint64_t restorer) {
  constexpr std::uint64_t has_restorer = 0x04000000;  // SA_RESTORER, which the C library does not name.
  value.out.begin_struct();
  value.out.field("sa_handler");
  print_handler(value, handler);
  value.out.field("sa_mask");
  print_signal_set(value, mask);
  value.out.field("sa_flags");
  print_flags(value, named_set<"sigaction_flags">(), flags);
  if ((flags & has_restorer) != 0) {
    value.out.field("sa_restorer");
    value.out.address(restorer);
  }
  value.out.end_struct();
}

void render_sigaction(const Value& value) {
  MemberCursor cursor(value, address_of(value));
  const auto handler = cursor.next(Cell::pointer);
  const auto flags = cursor.next(Cell::ulong);
  const auto restorer = cursor.next(Cell::pointer);
  const auto mask = cursor.next(Cell::u64);
  if (!handler || !flags || !restorer || !mask) return value.out.address(address_of(value).value);
  print_action(value, *handler, *mask, *flags, *restorer);
}

// struct old_sigaction of i386.
void render_old_sigaction(const Value& value) {
  MemberCursor cursor(value, address_of(value));
  const auto handler = cursor.next(Cell::pointer);
  const auto mask = cursor.next(Cell::ulong);
  const auto flags = cursor.next(Cell::ulong);
  const auto restorer = cursor.next(Cell::pointer);
  if (!handler || !flags || !restorer || !mask) return value.out.address(address_of(value).value);
  print_action(value, *handler, *mask, *flags, *restorer);
}

void render_stack(const Value& value) {
  static constexpr Member members[] = {{"ss_sp", Cell::pointer, Kind::address},
                                       SONDE_SET_MEMBER("ss_flags", Cell::u32, "sigaltstack_flags"),
                                       {"ss_size", Cell::ulong, Kind::ludec}};
  print_struct(value, address_of(value), members);
}

void render_siginfo_pointer(const Value& value) { print_siginfo(value, address_of(value)); }

void render_handler(const Value& value) { print_handler(value, as_word(value, value.raw)); }

void render_old_signal_mask(const Value& value) {
  print_signal_set(value, static_cast<std::uint32_t>(value.raw));
}

// The mask that will hold once the handler has returned. The tracer found it in the frame that the kernel had
// pushed, and it is the only memory that was captured.
void render_signal_frame(const Value& value) {
  std::optional<std::uint64_t> mask;
  value.call.entered.each([&](const event::Segment& segment) {
    if (segment.kind == event::SegmentKind::memory && segment.bytes.size() == kernel_set_bytes) {
      mask = unsigned_at(segment.bytes, 0, kernel_set_bytes);
    }
    return !mask;
  });
  if (!mask) return value.out.address(address_of(value).value);
  value.out.begin_struct();
  value.out.field("mask");
  print_signal_set(value, *mask);
  value.out.end_struct();
}

void render_signal_out(const Value& value) {
  print_pointee(value, address_of(value), Cell::i32, Kind::signal);
}

constexpr Registration table[] = {
    {Kind::signal_out, render_signal_out},
    {Kind::sigset_in, render_signal_set},
    {Kind::sigset_out, render_signal_set},
    {Kind::sigaction_in, render_sigaction},
    {Kind::sigaction_out, render_sigaction},
    {Kind::stack_in, render_stack},
    {Kind::stack_out, render_stack},
    {Kind::siginfo_in, render_siginfo_pointer},
    {Kind::siginfo_out, render_siginfo_pointer},
    {Kind::old_sigset, render_old_signal_mask},
    {Kind::old_sigset_in, render_old_signal_set},
    {Kind::old_sigset_out, render_old_signal_set},
    {Kind::old_sigaction_in, render_old_sigaction},
    {Kind::old_sigaction_out, render_old_sigaction},
    {Kind::sighandler, render_handler},
    {Kind::sigreturn_frame, render_signal_frame},
};

}  // namespace

void print_signal(const Value& value, int signal) {
  render(Kind::signal, value.with(static_cast<std::uint32_t>(signal)));
}

void print_signal_set(const Value& value, std::uint64_t mask) {
  // Most of the signals: those missing are shorter to tell.
  const bool inverted = static_cast<unsigned>(std::popcount(mask)) >= kernel_signals * 2 / 3;
  value.out.begin_set(inverted);
  for (std::uint64_t rest = inverted ? ~mask : mask; rest != 0; rest &= rest - 1) {
    const auto signal = static_cast<unsigned>(std::countr_zero(rest)) + 1;
    value.out.member();
    print_symbol(value, signal_label(value, signal), signal, Base::unsigned_decimal);
  }
  value.out.end_set();
}

Domain signal_domain() { return {table}; }

}  // namespace sonde::decode
