// Message headers and the control messages that travel with them.
#include <algorithm>
#include <array>
#include <ctime>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "decode/net_print.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

constexpr std::uint32_t scm_security = 3;
constexpr std::uint32_t timestamp_old = 29, timestampns_old = 35, timestamping_old = 37;
constexpr std::uint32_t timestamp_new = 63, timestampns_new = 64, timestamping_new = 65;

// What a control message carries. `size` is what its length leaves after the header.
struct Payload {
  Address address;
  std::uint64_t size;
};

void print_descriptors(const Value& value, Payload payload) {
  print_array(
      value, payload.address, payload.size / sizeof(int), sizeof(int),
      [&](Address at) {
        print_new_fd(value, static_cast<int>(read_unsigned(value, at, sizeof(int)).value_or(0)));
      },
      shown_elements(value));
}

void print_number_array(const Value& value, Payload payload, Cell cell, Kind kind) {
  const std::size_t size = cell_size(cell, value.call.abi);
  print_array(value, payload.address, payload.size / size, size,
              [&](Address at) { render(kind, value.with(MemberCursor(value, at).next(cell).value_or(0))); });
}

void print_int(const Value& value, Payload payload) {
  print_number_array(value, payload, Cell::i32, Kind::dec);
}
void print_uint(const Value& value, Payload payload) {
  print_number_array(value, payload, Cell::u32, Kind::udec);
}
void print_octet(const Value& value, Payload payload) {
  print_number_array(value, payload, Cell::u8, Kind::hex);
}

constexpr Member old_timeval[] = {{"tv_sec", Cell::slong, Kind::ldec}, {"tv_usec", Cell::slong, Kind::ldec}};
constexpr Member old_timespec[] = {{"tv_sec", Cell::slong, Kind::ldec}, {"tv_nsec", Cell::slong, Kind::ldec}};
constexpr Member new_timeval[] = {{"tv_sec", Cell::i64, Kind::ldec}, {"tv_usec", Cell::i64, Kind::ldec}};
constexpr Member new_timespec[] = {{"tv_sec", Cell::i64, Kind::ldec}, {"tv_nsec", Cell::i64, Kind::ldec}};

// The kernel's pktinfo structures.
void print_pktinfo(const Value& value, Payload payload) {
  std::array<std::byte, sizeof(in_pktinfo)> info;
  value.read(payload.address, info);
  value.out.begin_struct();
  value.out.field("ipi_ifindex");
  print_interface(value, static_cast<std::uint32_t>(unsigned_at(info, offsetof(in_pktinfo, ipi_ifindex), 4)));
  value.out.field("ipi_spec_dst");
  print_ipv4(value, Bytes(info).subspan(offsetof(in_pktinfo, ipi_spec_dst), sizeof(in_addr)));
  value.out.field("ipi_addr");
  print_ipv4(value, Bytes(info).subspan(offsetof(in_pktinfo, ipi_addr), sizeof(in_addr)));
  value.out.end_struct();
}

constexpr Member extended_error[] = {
    {"ee_errno", Cell::u32, Kind::udec}, {"ee_origin", Cell::u8, Kind::udec},
    {"ee_type", Cell::u8, Kind::udec},   {"ee_code", Cell::u8, Kind::udec},
    {"", Cell::u8, Kind::none},          {"ee_info", Cell::u32, Kind::udec},
    {"ee_data", Cell::u32, Kind::udec},
};

void print_received_error(const Value& value, Payload payload) {
  value.out.begin_struct();
  print_members(value, payload.address, extended_error);
  value.out.field("offender");
  print_sockaddr(value, payload.address + sizeof(sock_extended_err), sizeof(sockaddr_in));
  value.out.end_struct();
}

void print_old_timeval(const Value& value, Payload payload) {
  print_struct(value, payload.address, old_timeval);
}
void print_old_timespec(const Value& value, Payload payload) {
  print_struct(value, payload.address, old_timespec);
}
void print_new_timeval(const Value& value, Payload payload) {
  print_struct(value, payload.address, new_timeval);
}
void print_new_timespec(const Value& value, Payload payload) {
  print_struct(value, payload.address, new_timespec);
}

void print_timestamps(const Value& value, Payload payload, std::span<const Member> timespec) {
  const std::size_t size = struct_size(timespec, value.call.abi);
  print_array(value, payload.address, 3, size, [&](Address at) { print_struct(value, at, timespec); });
}
void print_old_timestamps(const Value& value, Payload payload) {
  print_timestamps(value, payload, old_timespec);
}
void print_new_timestamps(const Value& value, Payload payload) {
  print_timestamps(value, payload, new_timespec);
}

void print_peer(const Value& value, Payload payload) {
  print_credentials(value, payload.address, payload.size);
}
void print_security(const Value& value, Payload payload) { print_data(value, payload.address, payload.size); }
void print_address_of(const Value& value, Payload payload) {
  print_sockaddr(value, payload.address, payload.size);
}

struct Message {
  std::uint32_t level;
  std::uint32_t type;
  std::size_t minimum;  // A shorter payload is marked: "???" where `marks_short`, else left out.
  bool marks_short;
  void (*print)(const Value&, Payload);
};

constexpr Message messages[] = {
    {SOL_SOCKET, SCM_RIGHTS, sizeof(int), false, print_descriptors},
    {SOL_SOCKET, SCM_CREDENTIALS, sizeof(ucred), false, print_peer},
    {SOL_SOCKET, scm_security, 1, false, print_security},
    {SOL_SOCKET, timestamp_old, 16, true, print_old_timeval},
    {SOL_SOCKET, timestampns_old, 16, true, print_old_timespec},
    {SOL_SOCKET, timestamping_old, 48, true, print_old_timestamps},
    {SOL_SOCKET, timestamp_new, 16, true, print_new_timeval},
    {SOL_SOCKET, timestampns_new, 16, true, print_new_timespec},
    {SOL_SOCKET, timestamping_new, 48, true, print_new_timestamps},
    {SOL_IP, IP_PKTINFO, sizeof(in_pktinfo), false, print_pktinfo},
    {SOL_IP, IP_TTL, sizeof(int), false, print_int},
    {SOL_IP, IP_TOS, 1, false, print_octet},
    {SOL_IP, IP_CHECKSUM, sizeof(std::uint32_t), false, print_uint},
    {SOL_IP, IP_RECVOPTS, 1, false, print_octet},
    {SOL_IP, IP_RETOPTS, 1, false, print_octet},
    {SOL_IP, IP_RECVERR, sizeof(sock_extended_err) + sizeof(sockaddr_in), false, print_received_error},
    {SOL_IP, IP_ORIGDSTADDR, sizeof(sockaddr_in), false, print_address_of},
};

// Members of a control message's header are longs; its payload is aligned to a long too.
struct Header {
  std::uint64_t length;
  std::uint32_t level;
  std::uint32_t type;
};

std::size_t header_size(const Value& value) { return value.word() + 2 * sizeof(int); }

std::optional<Header> read_header(const Value& value, Address at) {
  MemberCursor cursor(value, at);
  const auto length = cursor.next(Cell::ulong);
  const auto level = cursor.next(Cell::u32);
  const auto type = cursor.next(Cell::u32);
  if (!length || !level || !type) return std::nullopt;
  return Header{*length, static_cast<std::uint32_t>(*level), static_cast<std::uint32_t>(*type)};
}

void print_type(const Value& value, const Header& header) {
  value.out.field("cmsg_type");
  if (header.level == SOL_SOCKET) return print_constant(value, named_set<"cmsg_socket">(), header.type);
  if (header.level == SOL_IP) return print_constant(value, named_set<"cmsg_ip">(), header.type);
  value.out.hex(header.type);
}

void print_payload(const Value& value, const Header& header, Payload payload) {
  if (payload.size == 0) return;
  for (const Message& message : messages) {
    if (message.level != header.level || message.type != header.type) continue;
    if (payload.size >= message.minimum) {
      value.out.field("cmsg_data");
      message.print(value, payload);
    } else if (message.marks_short) {
      value.out.field("cmsg_data");
      value.out.verbatim("???");
    }
    return;
  }
}

}  // namespace

void print_control(const Value& value, Address control, std::uint64_t length) {
  const std::size_t head = header_size(value);
  if (length < head || !read_header(value, control)) return value.out.address(control.value);
  value.out.begin_array();
  std::uint64_t offset = 0;
  for (std::size_t count = 0; length - offset >= head; ++count) {
    const auto header = read_header(value, control + offset);
    if (!header || count == limits::array_elements) {
      value.out.more();
      print_address_comment(value, control + offset);
      break;
    }
    const std::uint64_t here = std::min(std::max<std::uint64_t>(header->length, head), length - offset);
    value.out.element();
    value.out.begin_struct();
    value.out.field("cmsg_len");
    value.out.unsigned_integer(header->length);
    value.out.field("cmsg_level");
    print_option_level(value, header->level, "SOL_???");
    print_type(value, *header);
    print_payload(value, *header, {control + (offset + head), here - head});
    value.out.end_struct();
    if (header->length < head) break;
    const std::uint64_t step = (here + value.word() - 1) & ~std::uint64_t{value.word() - 1};
    if (step >= length - offset) break;
    offset += step;
    if (length - offset < head) {
      value.out.more();
      print_address_comment(value, control + offset);
      break;
    }
  }
  value.out.end_array();
}

}  // namespace sonde::decode
