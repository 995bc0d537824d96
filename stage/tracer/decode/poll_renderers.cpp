// poll, select and epoll, with what they found.
#include <algorithm>
#include <optional>
#include <poll.h>
#include <sys/epoll.h>
#include <utility>
#include <vector>

#include "decode/print.hpp"
#include "decode/renderers.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

void render_pollfds(const Value& value) {
  const Value before = value.as_before();
  print_array(
      before, {as_word(value, value.raw)}, static_cast<std::uint32_t>(value.call.args[1]), sizeof(pollfd),
      [&](Address at) {
        const auto entry = read_as<pollfd>(before, at).value_or(pollfd{});
        value.out.begin_struct();
        value.out.field("fd");
        print_fd(value, entry.fd);
        if (entry.fd >= 0) {
          value.out.field("events");
          print_flags(value, named_set<"poll_events">(), static_cast<std::uint16_t>(entry.events));
        }
        value.out.end_struct();
      },
      shown_elements(value));
}

// The array that poll() left: only the entries with events.
void print_revents(const Value& value) {
  const Address array{as_word(value, value.call.args[0])};
  const auto count = static_cast<std::uint32_t>(value.call.args[1]);
  std::uint64_t shown = 0;
  value.out.begin_array();
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto entry = read_as<pollfd>(value, array + i * sizeof(pollfd));
    if (!entry) break;
    if (entry->revents == 0) continue;
    if (shown++ >= shown_elements(value)) {
      value.out.more();
      break;
    }
    value.out.element();
    value.out.begin_struct();
    value.out.field("fd");
    value.out.integer(entry->fd);
    value.out.field("revents");
    print_flags(value, named_set<"poll_events">(), static_cast<std::uint16_t>(entry->revents));
    value.out.end_struct();
  }
  value.out.end_array();
}

// What is left of the time that the call could wait, when it had a limit.
void print_time_left(const Value& value, unsigned argument) {
  const Kind kind = value.call.row->arguments[argument].kind;
  if (syscall::spec(kind).direction != syscall::Direction::inout) return;
  const Address time{as_word(value, value.call.args[argument])};
  std::byte probe;
  if (time.value == 0 || value.read(time, std::span(&probe, 1)) != 1) return;
  value.out.verbatim(", left ");
  render(kind, value.with(time.value));
}

void render_ret_poll(const Value& value) {
  value.out.integer(static_cast<std::int64_t>(value.raw));
  print_remark(value, [](const Value& result) {
    if (result.raw == 0) return result.out.verbatim("Timeout");
    print_revents(result);
    print_time_left(result, 2);
  });
}

// The words of a select() set that hold its first argument's number of bits; empty when they cannot be read.
std::vector<std::byte> read_fd_set(const Value& value, std::uint64_t raw, std::uint32_t bits) {
  const std::size_t word = value.word();
  std::vector<std::byte> set((bits + 8 * word - 1) / (8 * word) * word);
  set.resize(value.read({as_word(value, raw)}, set) == set.size() ? set.size() : 0);
  return set;
}

// How many descriptors select() was given; empty for what no process can have.
std::optional<std::uint32_t> fd_count(const Value& value) {
  const auto count = static_cast<std::int32_t>(value.call.args[0]);
  if (count < 0) return std::nullopt;
  return static_cast<std::uint32_t>(std::min<std::int32_t>(count, 1 << 20));
}

template <typename Visit>
void each_fd(Bytes set, std::uint32_t bits, Visit visit) {
  for (std::uint32_t fd = 0; fd < bits && fd / 8 < set.size(); ++fd) {
    if ((static_cast<unsigned>(set[fd / 8]) >> (fd % 8) & 1) != 0) visit(static_cast<int>(fd));
  }
}

void render_fd_set(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const auto count = fd_count(value);
  const auto set = address.value != 0 && count ? read_fd_set(value.as_before(), address.value, *count)
                                               : std::vector<std::byte>{};
  if (set.empty() && !(address.value != 0 && count == 0u)) return value.out.address(address.value);
  value.out.begin_set(false);
  each_fd(set, *count, [&](int fd) {
    value.out.member();
    print_fd(value, fd);
  });
  value.out.end_set();
}

// "in [3]": one of the sets that select() left, unless it is empty.
void print_ready_set(const Value& value, std::string_view name, std::uint64_t address,
                     std::string_view& separator) {
  const std::uint32_t count = fd_count(value).value_or(0);
  std::vector<int> ready;
  each_fd(read_fd_set(value, address, count), count, [&](int fd) { ready.push_back(fd); });
  if (address == 0 || ready.empty()) return;
  value.out.verbatim(std::exchange(separator, ", "));
  value.out.verbatim(name);
  value.out.verbatim(" ");
  value.out.begin_set(false);
  for (const int fd : ready) {
    value.out.member();
    value.out.integer(fd);
  }
  value.out.end_set();
}

// "in [3], out [4], left {...}"
void print_ready(const Value& value) {
  constexpr std::string_view names[] = {"in", "out", "except"};
  if (value.raw == 0) return value.out.verbatim("Timeout");
  std::string_view separator;
  for (unsigned i = 0; i < std::size(names); ++i)
    print_ready_set(value, names[i], value.call.args[i + 1], separator);
  print_time_left(value, 4);
}

void render_ret_select(const Value& value) {
  value.out.integer(static_cast<std::int64_t>(value.raw));
  print_remark(value, print_ready);
}

// The pair of a mask's address and its size that pselect6() packs into its last argument.
void render_sigset_argpack(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const auto mask = read_word(value, address);
  const auto size = read_word(value, address + value.word());
  if (address.value == 0 || !mask || !size) return value.out.address(address.value);
  value.out.begin_struct();
  value.out.field("sigmask");
  render(Kind::sigset_in, value.with(*mask));
  value.out.field("sigsetsize");
  value.out.unsigned_integer(*size);
  value.out.end_struct();
}

void print_epoll_event(const Value& value, Address at) {
  const auto event = read_as<epoll_event>(value, at);
  if (at.value == 0 || !event) return value.out.address(at.value);
  auto& out = value.out;
  out.begin_struct();
  out.field("events");
  print_flags(value, named_set<"epoll_events">(), event->events);
  out.field("data");
  out.begin_struct();
  out.field("u32");
  out.unsigned_integer(event->data.u32);
  out.field("u64");
  out.unsigned_integer(event->data.u64);
  out.end_struct();
  out.end_struct();
}

// EPOLL_CTL_DEL takes no event, though programs pass one for old kernels' sake.
void render_epoll_event(const Value& value) {
  const Address address{as_word(value, value.raw)};
  if (static_cast<std::uint32_t>(value.call.args[1]) == EPOLL_CTL_DEL)
    return value.out.address(address.value);
  print_epoll_event(value, address);
}

void render_epoll_events(const Value& value) {
  print_array(
      value, {as_word(value, value.raw)}, static_cast<std::uint64_t>(value.call.exit->ret),
      sizeof(epoll_event), [&](Address at) { print_epoll_event(value, at); }, shown_elements(value));
}
constexpr Registration table[] = {
    {Kind::pollfd_inout, render_pollfds},
    {Kind::ret_poll, render_ret_poll},
    {Kind::fd_set_inout, render_fd_set},
    {Kind::ret_select, render_ret_select},
    {Kind::sigset_argpack_in, render_sigset_argpack},
    {Kind::epoll_event_in, render_epoll_event},
    {Kind::epoll_events_out, render_epoll_events},
};

}  // namespace

Domain poll_domain() { return {table}; }

}  // namespace sonde::decode
