// sendmsg() and its kin: message headers, vectors of buffers, vectors of messages.
#include <algorithm>
#include <sys/socket.h>

#include "decode/net_print.hpp"
#include "decode/net_renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

// struct msghdr as the call's ABI lays it out.
struct Header {
  std::uint64_t name, name_length, iov, iov_length, control, control_length, flags;
};

constexpr Member header_members[] = {
    {"msg_name", Cell::pointer, Kind::address},    {"msg_namelen", Cell::u32, Kind::udec},
    {"msg_iov", Cell::pointer, Kind::address},     {"msg_iovlen", Cell::ulong, Kind::ludec},
    {"msg_control", Cell::pointer, Kind::address}, {"msg_controllen", Cell::ulong, Kind::ludec},
    {"msg_flags", Cell::u32, Kind::udec},
};

std::size_t header_size(const Value& value) { return struct_size(header_members, value.call.abi); }

std::optional<Header> read_header(const Value& value, Address address) {
  MemberCursor cursor(value, address);
  Header header;
  std::uint64_t* const fields[] = {&header.name,    &header.name_length,    &header.iov,  &header.iov_length,
                                   &header.control, &header.control_length, &header.flags};
  for (std::size_t i = 0; i < std::size(fields); ++i) {
    const auto raw = cursor.next(header_members[i].cell);
    if (!raw) return std::nullopt;
    *fields[i] = *raw;
  }
  return header;
}

// The length of the name as the caller gave it.
std::uint32_t name_room(const Value& value, Address header, std::uint64_t now) {
  return read_as<std::uint32_t>(value.as_before(), header + value.word())
      .value_or(static_cast<std::uint32_t>(now));
}

void print_name_length(const Value& value, std::uint32_t before, std::uint32_t now) {
  value.out.field("msg_namelen");
  print_changed(value, static_cast<std::int32_t>(before), static_cast<std::int32_t>(now));
}

void print_header(const Value& value, Address address, const Header& header,
                  std::optional<std::uint64_t> received) {
  const auto length = static_cast<std::uint32_t>(header.name_length);
  const std::uint32_t room = received ? name_room(value, address, length) : length;
  value.out.begin_struct();
  value.out.field("msg_name");
  print_sockaddr(value, {header.name}, std::min(room, length));
  print_name_length(value, room, length);
  value.out.field("msg_iov");
  print_buffers(value, {header.iov}, header.iov_length, received.value_or(UINT64_MAX));
  value.out.field("msg_iovlen");
  value.out.unsigned_integer(header.iov_length);
  if (header.control_length != 0) {
    value.out.field("msg_control");
    print_control(value, {header.control}, header.control_length);
  }
  value.out.field("msg_controllen");
  value.out.unsigned_integer(header.control_length);
  value.out.field("msg_flags");
  print_flags(value, Kind::msg_flags, header.flags);
  value.out.end_struct();
}

constexpr bool is_receive(std::string_view call) { return call.starts_with("recv"); }

// An element of sendmmsg()'s vector, and how many bytes of it were sent or received.
void print_element(const Value& value, Address element) {
  const auto length = read_unsigned(value, element + header_size(value), sizeof(std::uint32_t));
  value.out.begin_struct();
  value.out.field("msg_hdr");
  const bool received = is_receive(value.call.row->name);
  print_msghdr(value, element, received ? length : std::nullopt);
  if (value.succeeded()) {
    value.out.field("msg_len");
    value.out.unsigned_integer(length.value_or(0));
  }
  value.out.end_struct();
}

}  // namespace

void print_changed(const Value& value, std::int64_t before, std::int64_t now) {
  if (before == now) return value.out.integer(now);
  value.out.begin_change();
  value.out.integer(before);
  value.out.changed();
  value.out.integer(now);
  value.out.end_change();
}

void print_buffers(const Value& value, Address vector, std::uint64_t count, std::uint64_t bytes) {
  const std::size_t word = value.word();
  print_array(
      value, vector, count, 2 * word,
      [&](Address at) {
        const std::uint64_t base = read_word(value, at).value_or(0);
        const std::uint64_t length = read_word(value, at + word).value_or(0);
        const std::uint64_t filled = std::min(length, bytes);
        value.out.begin_struct();
        value.out.field("iov_base");
        print_packet(value, {base}, filled);
        value.out.field("iov_len");
        value.out.unsigned_integer(length);
        value.out.end_struct();
        bytes -= filled;
      },
      shown_elements(value));
}

void print_msghdr(const Value& value, Address address, std::optional<std::uint64_t> received) {
  const auto header = read_header(value, address);
  if (!header) return value.out.address(address.value);
  print_header(value, address, *header, received);
}

void render_msghdr_in(const Value& value) { print_msghdr(value, {as_word(value, value.raw)}, std::nullopt); }

void render_msghdr_out(const Value& value) {
  const Address address{as_word(value, value.raw)};
  if (value.succeeded()) return print_msghdr(value, address, static_cast<std::uint64_t>(result_of(value)));
  const auto header = read_header(value, address);
  if (!header) return value.out.address(address.value);
  value.out.begin_struct();
  value.out.field("msg_namelen");
  value.out.integer(static_cast<std::int32_t>(header->name_length));
  value.out.end_struct();
}

void render_mmsghdr(const Value& value) {
  const Address vector{as_word(value, value.raw)};
  const bool received = is_receive(value.call.row->name);
  if (received && !value.succeeded()) return value.out.address(vector.value);
  const std::size_t element = header_size(value) + value.word();
  const std::uint64_t asked = static_cast<std::uint32_t>(next_argument(value));
  const std::uint64_t count = value.succeeded() ? static_cast<std::uint64_t>(result_of(value)) : asked;
  print_array(
      value, vector, count, element, [&](Address at) { print_element(value, at); }, shown_elements(value));
}

}  // namespace sonde::decode
