// Socket options: their names by level, and their values.
#include <algorithm>
#include <array>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "decode/net_print.hpp"
#include "decode/net_renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

constexpr std::uint32_t sol_netlink = 270;

constexpr std::uint32_t level_of(const Value& value) {
  return static_cast<std::uint32_t>(value.call.args[1]);
}

// An option's value where it lies, and its length.
struct OptionValue {
  Address address;
  std::uint64_t length;
};

void print_linger(const Value& value, OptionValue option) {
  static constexpr Member members[] = {{"l_onoff", Cell::i32, Kind::dec}, {"l_linger", Cell::i32, Kind::dec}};
  print_struct(value, option.address, members);
}

void print_ring(const Value& value, OptionValue option) {
  static constexpr Member members[] = {
      {"tp_block_size", Cell::u32, Kind::udec},
      {"tp_block_nr", Cell::u32, Kind::udec},
      {"tp_frame_size", Cell::u32, Kind::udec},
      {"tp_frame_nr", Cell::u32, Kind::udec},
  };
  print_struct(value, option.address, members);
}

// Reads the fixed part of an option's structure; `print` writes its fields.
template <std::size_t Size, typename Print>
void print_fixed(const Value& value, OptionValue option, Print print) {
  std::array<std::byte, Size> bytes;
  if (option.address.value == 0 || value.read(option.address, bytes) != Size)
    return value.out.address(option.address.value);
  value.out.begin_struct();
  print(Bytes(bytes));
  value.out.end_struct();
}

void print_membership(const Value& value, OptionValue option) {
  print_fixed<sizeof(ip_mreq)>(value, option, [&](Bytes bytes) {
    value.out.field("imr_multiaddr");
    print_ipv4(value, bytes.first(sizeof(in_addr)));
    value.out.field("imr_interface");
    print_ipv4(value, bytes.subspan(sizeof(in_addr)));
  });
}

void print_membership6(const Value& value, OptionValue option) {
  print_fixed<sizeof(ipv6_mreq)>(value, option, [&](Bytes bytes) {
    print_ipv6_field(value, "ipv6mr_multiaddr", bytes.first(sizeof(in6_addr)));
    value.out.field("ipv6mr_interface");
    print_interface(value, static_cast<std::uint32_t>(unsigned_at(bytes, sizeof(in6_addr), 4)));
  });
}

void print_group(const Value& value, OptionValue option) {
  print_fixed<sizeof(group_req)>(value, option, [&](Bytes bytes) {
    value.out.field("gr_interface");
    print_interface(value, static_cast<std::uint32_t>(unsigned_at(bytes, 0, 4)));
    value.out.field("gr_group");
    print_sockaddr(value, option.address + offsetof(group_req, gr_group), sizeof(sockaddr_storage));
  });
}

void print_packet_membership(const Value& value, OptionValue option) {
  print_fixed<sizeof(packet_mreq)>(value, option, [&](Bytes bytes) {
    value.out.field("mr_ifindex");
    print_interface(value,
                    static_cast<std::uint32_t>(unsigned_at(bytes, offsetof(packet_mreq, mr_ifindex), 4)));
    value.out.field("mr_type");
    print_constant(value, named_set<"packet_membership">(),
                   unsigned_at(bytes, offsetof(packet_mreq, mr_type), 2));
    const std::uint64_t length = unsigned_at(bytes, offsetof(packet_mreq, mr_alen), 2);
    value.out.field("mr_alen");
    value.out.unsigned_integer(length);
    value.out.field("mr_address");
    const Bytes address = bytes.subspan(offsetof(packet_mreq, mr_address), 8);
    value.out.string(address.first(std::min<std::size_t>(length, 8)), length > 8);
  });
}

void print_statistics(const Value& value, OptionValue option) {
  static constexpr Member members[] = {{"packets", Cell::u32, Kind::udec}, {"drops", Cell::u32, Kind::udec}};
  print_struct(value, option.address, members);
}

void print_icmp_filter(const Value& value, OptionValue option) {
  const auto filter = static_cast<std::uint32_t>(read_unsigned(value, option.address, 4).value_or(0));
  value.out.begin_set(true);
  for (std::uint32_t type = 0; type < 32; ++type) {
    if ((filter >> type & 1) != 0) continue;
    value.out.member();
    print_constant(value, named_set<"icmp_type">(), type);
  }
  value.out.end_set();
}

void render_level(const Value& value) {
  print_option_level(value, static_cast<std::uint32_t>(value.raw), "SOL_??");
}

void print_program(const Value& value, OptionValue option) { print_filter_program(value, option.address); }

void print_error(const Value& value, OptionValue option) {
  const auto error = static_cast<int>(read_unsigned(value, option.address, sizeof(int)).value_or(0));
  const std::string_view name = syscall::errno_name(error);
  value.out.begin_array();
  value.out.element();
  if (name.empty()) {
    value.out.integer(error);
  } else {
    print_symbol(value, name, static_cast<std::uint64_t>(error), Base::decimal);
  }
  value.out.end_array();
}

void print_integer(const Value& value, OptionValue option) {
  print_pointee(value, option.address, Cell::i32, Kind::dec);
}

void print_peer(const Value& value, OptionValue option) {
  print_credentials(value, option.address, option.length);
}

void print_bytes_of(const Value& value, OptionValue option) {
  print_data(value, option.address, option.length);
}

// SOL_SOCKET's options that are integers, whatever length is given for them. Those with numbers have no name,
// or another one, in the C library's headers.
constexpr std::uint32_t integer_options[] = {
    SO_DEBUG,
    SO_REUSEADDR,
    SO_DONTROUTE,
    SO_BROADCAST,
    SO_SNDBUF,
    SO_RCVBUF,
    SO_KEEPALIVE,
    SO_OOBINLINE,
    SO_NO_CHECK,
    SO_PRIORITY,
    SO_BSDCOMPAT,
    SO_REUSEPORT,
    SO_PASSCRED,
    SO_RCVLOWAT,
    SO_SNDLOWAT,
    27,
    29,
    SO_ACCEPTCONN,
    SO_SNDBUFFORCE,
    SO_RCVBUFFORCE,
    SO_PASSSEC,
    35,
    SO_MARK,
    37,
    SO_RXQ_OVFL,
    SO_WIFI_STATUS,
    SO_PEEK_OFF,
    SO_NOFCS,
    SO_LOCK_FILTER,
    SO_SELECT_ERR_QUEUE,
    SO_BUSY_POLL,
    SO_INCOMING_CPU,
    SO_CNX_ADVICE,
    56,
    60,
    63,
    64,
    65,
    68,
    69,
    70,
    73,
    74,
    75,
};

bool is_strict(const Value& value) {
  const auto name = static_cast<std::uint32_t>(value.call.args[2]);
  if (level_of(value) == sol_netlink) return true;
  return level_of(value) == SOL_SOCKET &&
         std::ranges::find(integer_options, name) != std::end(integer_options);
}

// Elsewhere 4 bytes make an integer, and other lengths a string of bytes.
void print_number_or_bytes(const Value& value, OptionValue option) {
  if (option.length == sizeof(int)) return print_integer(value, option);
  print_bytes_of(value, option);
}

using PrintOption = void (*)(const Value&, OptionValue);

// What is shorter than `Minimum` is no such value: it is shown as an address.
template <PrintOption Print, std::size_t Minimum>
void render_in(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const auto length = static_cast<std::int32_t>(value.call.args[value.index + 1]);
  if (length < 0 || static_cast<std::size_t>(length) < Minimum) return value.out.address(address.value);
  Print(value, {address, static_cast<std::uint64_t>(length)});
}

void render_integer_in(const Value& value) {
  if (is_strict(value)) return render_in<print_integer, sizeof(int)>(value);
  render_in<print_number_or_bytes, 0>(value);
}

// As many bytes as the call says that it filled. Too short for a `Print`: as bytes.
template <PrintOption Print, std::size_t Minimum>
void render_out(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const auto length = static_cast<std::int32_t>(
      read_unsigned(value, {as_word(value, value.call.args[value.index + 1])}, sizeof(int)).value_or(0));
  if (length <= 0) return value.out.address(address.value);
  const OptionValue option{address, static_cast<std::uint64_t>(length)};
  if (option.length >= Minimum) return Print(value, option);
  print_hex_data(value, address, option.length);
}

void render_integer_out(const Value& value) {
  if (is_strict(value)) return render_out<print_integer, sizeof(int)>(value);
  render_out<print_number_or_bytes, 0>(value);
}

constexpr Registration table[] = {
    {Kind::optval_in, render_integer_in},
    {Kind::optval_out, render_integer_out},
    {Kind::optint_in, render_integer_in},
    {Kind::optint_out, render_integer_out},
    {Kind::optstring_in, render_in<print_bytes_of, 0>},
    {Kind::optstring_out, render_out<print_bytes_of, 0>},
    {Kind::opttimeval_in, render_in<print_bytes_of, 0>},
    {Kind::opttimeval_out, render_out<print_bytes_of, 0>},
    {Kind::linger_in, render_in<print_linger, sizeof(linger)>},
    {Kind::linger_out, render_out<print_linger, sizeof(linger)>},
    {Kind::ucred_out, render_out<print_peer, 1>},
    {Kind::opterrno_out, render_out<print_error, sizeof(int)>},
    {Kind::opttype_out, render_out<print_number_or_bytes, 0>},
    {Kind::optdomain_out, render_out<print_number_or_bytes, 0>},
    {Kind::optprotocol_out, render_out<print_number_or_bytes, 0>},
    {Kind::optsockaddr_out, render_out<print_bytes_of, 0>},
    {Kind::in_addr_in, render_in<print_number_or_bytes, 0>},
    {Kind::ip_mreq_in, render_in<print_membership, sizeof(ip_mreq)>},
    {Kind::ipv6_mreq_in, render_in<print_membership6, sizeof(ipv6_mreq)>},
    {Kind::group_req_in, render_in<print_group, sizeof(group_req)>},
    {Kind::packet_mreq_in, render_in<print_packet_membership, sizeof(packet_mreq)>},
    {Kind::tpacket_req_in, render_in<print_ring, sizeof(tpacket_req)>},
    {Kind::tpacket_stats_out, render_out<print_statistics, 2 * sizeof(int)>},
    {Kind::icmp_filter_in, render_in<print_icmp_filter, sizeof(int)>},
    {Kind::icmp_filter_out, render_out<print_icmp_filter, sizeof(int)>},
    {Kind::opt_fprog_in, render_in<print_program, 2 * sizeof(int)>},
    {Kind::sockopt_level, render_level},
};

}  // namespace

void print_option_level(const Value& value, std::uint32_t level, std::string_view unknown) {
  const auto* set = syscall::constants_of(Kind::sockopt_level);
  if (set == nullptr) return value.out.unsigned_integer(level);
  print_constant(value, *set, level, unknown);
}

void print_credentials(const Value& value, Address address, std::uint64_t length) {
  static constexpr Member members[] = {
      {"pid", Cell::i32, Kind::pid}, {"uid", Cell::i32, Kind::dec}, {"gid", Cell::i32, Kind::dec}};
  const std::size_t whole = std::min<std::uint64_t>(length / sizeof(int), std::size(members));
  if (whole == 0) return value.out.address(address.value);
  print_struct(value, address, std::span(members).first(whole));
}

Domain net_option_domain() { return {table}; }

}  // namespace sonde::decode
