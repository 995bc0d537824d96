// Socket addresses.
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <climits>
#include <fmt/format.h>

#include "decode/net_print.hpp"
#include "sonde/decode/text_writer.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

// The kernel's LOOPBACK_IFINDEX: in every network namespace the loopback is created first.
constexpr std::uint32_t loopback_index = 1;

Bytes text_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::uint16_t u16_at(Bytes bytes, std::size_t offset) {
  return static_cast<std::uint16_t>(unsigned_at(bytes, offset, 2));
}
std::uint32_t u32_at(Bytes bytes, std::size_t offset) {
  return static_cast<std::uint32_t>(unsigned_at(bytes, offset, 4));
}

bool is_link_local(Bytes address) {
  in6_addr in6;
  std::memcpy(&in6, address.data(), sizeof in6);
  return IN6_IS_ADDR_LINKLOCAL(&in6) || IN6_IS_ADDR_MC_LINKLOCAL(&in6);
}

void print_unix(const Value& value, Bytes address) {
  const Bytes path = address.subspan(offsetof(sockaddr_un, sun_path));
  value.out.field("sun_path");
  if (path.front() != std::byte{0}) {
    const auto end = std::find(path.begin(), path.end(), std::byte{0});
    return value.out.string(path.first(static_cast<std::size_t>(end - path.begin())), false);
  }
  // An abstract name: all bytes after the first, whichever they are.
  const Bytes name = path.subspan(1, std::min(path.size(), sizeof sockaddr_un::sun_path) - 1);
  std::string text = "@\"";
  append_quoted(text, name, value.style.hex_strings);
  value.out.verbatim(text + '"');
}

void print_inet(const Value& value, Bytes address) {
  value.out.field("sin_port");
  print_htons(value, u16_at(address, offsetof(sockaddr_in, sin_port)));
  value.out.field("sin_addr");
  print_ipv4(value, address.subspan(offsetof(sockaddr_in, sin_addr), sizeof(in_addr)));
}

void print_inet6(const Value& value, Bytes address) {
  const Bytes in6 = address.subspan(offsetof(sockaddr_in6, sin6_addr), sizeof(in6_addr));
  value.out.field("sin6_port");
  print_htons(value, u16_at(address, offsetof(sockaddr_in6, sin6_port)));
  value.out.field("sin6_flowinfo");
  print_htonl(value, u32_at(address, offsetof(sockaddr_in6, sin6_flowinfo)));
  print_ipv6_field(value, "sin6_addr", in6);
  if (address.size() < sizeof(sockaddr_in6)) return;
  const std::uint32_t scope = u32_at(address, offsetof(sockaddr_in6, sin6_scope_id));
  value.out.field("sin6_scope_id");
  if (is_link_local(in6)) {
    print_interface(value, scope);
  } else {
    value.out.unsigned_integer(scope);
  }
}

void print_netlink(const Value& value, Bytes address) {
  if (const auto pad = u16_at(address, offsetof(sockaddr_nl, nl_pad))) {
    value.out.field("nl_pad");
    value.out.hex(pad);
  }
  value.out.field("nl_pid");
  value.out.integer(static_cast<std::int32_t>(u32_at(address, offsetof(sockaddr_nl, nl_pid))));
  const std::uint32_t groups = u32_at(address, offsetof(sockaddr_nl, nl_groups));
  value.out.field("nl_groups");
  // C's %#08x, whose prefix counts, and is left out for 0.
  value.out.symbol(groups == 0 ? "00000000" : fmt::format("{:#08x}", groups), groups);
}

void print_packet(const Value& value, Bytes address) {
  value.out.field("sll_protocol");
  print_ethernet_protocol(value, u16_at(address, offsetof(sockaddr_ll, sll_protocol)));
  value.out.field("sll_ifindex");
  print_interface(value, u32_at(address, offsetof(sockaddr_ll, sll_ifindex)));
  value.out.field("sll_hatype");
  print_constant(value, named_set<"arp_hardware">(), u16_at(address, offsetof(sockaddr_ll, sll_hatype)));
  value.out.field("sll_pkttype");
  print_constant(value, named_set<"packet_type">(),
                 unsigned_at(address, offsetof(sockaddr_ll, sll_pkttype), 1));
  const auto length = static_cast<std::uint8_t>(address[offsetof(sockaddr_ll, sll_halen)]);
  value.out.field("sll_halen");
  value.out.unsigned_integer(length);
  if (length == 0) return;
  value.out.field("sll_addr");
  value.out.begin_array();
  for (const std::byte part :
       address.subspan(offsetof(sockaddr_ll, sll_addr), std::min<std::size_t>(length, 8))) {
    value.out.element();
    value.out.hex(static_cast<std::uint8_t>(part));
  }
  if (length > 8) value.out.more();
  value.out.end_array();
}

void print_vsock(const Value& value, Bytes address) {
  value.out.field("svm_cid");
  print_constant(value, named_set<"vsock_cid">(), u32_at(address, offsetof(sockaddr_vm, svm_cid)));
  value.out.field("svm_port");
  value.out.hex(u32_at(address, offsetof(sockaddr_vm, svm_port)));
  value.out.field("svm_flags");
  value.out.hex(unsigned_at(address, offsetof(sockaddr_vm, svm_port) + 8, 1));
}

struct Family {
  std::uint16_t family;
  std::size_t minimum;  // Bytes without which the address is none of its family.
  void (*print)(const Value&, Bytes);
};

constexpr Family families[] = {
    {AF_UNIX, offsetof(sockaddr_un, sun_path) + 1, print_unix},
    {AF_INET, sizeof(sockaddr_in), print_inet},
    {AF_INET6, offsetof(sockaddr_in6, sin6_scope_id), print_inet6},  // The RFC 2133 form has no scope.
    {AF_NETLINK, sizeof(sockaddr_nl), print_netlink},
    {AF_PACKET, sizeof(sockaddr_ll), print_packet},
    {AF_VSOCK, sizeof(sockaddr_vm), print_vsock},
};

void print_inside(const Value& value, Bytes address) {
  const std::uint16_t family = u16_at(address, 0);
  value.out.field("sa_family");
  print_constant(value, Kind::socket_family, family);
  if (address.size() == sizeof family) return;
  for (const Family& known : families) {
    if (known.family == family && address.size() >= known.minimum) return known.print(value, address);
  }
  value.out.field("sa_data");
  value.out.string(address.subspan(sizeof family), false);
}

}  // namespace

void print_sockaddr(const Value& value, Address address, std::uint64_t length) {
  if (is_redacted(value, address)) return value.out.redacted();
  std::array<std::byte, sizeof(sockaddr_storage)> storage;
  const auto bytes = std::span(storage).first(std::min<std::uint64_t>(length, storage.size()));
  if (length < sizeof(sa_family_t) || length > INT_MAX || address.value == 0 ||
      value.read(address, bytes) != bytes.size()) {
    return value.out.address(address.value);
  }
  value.out.begin_struct();
  print_inside(value, bytes);
  value.out.end_struct();
}

void print_interface(const Value& value, std::uint32_t index) {
  if (index != loopback_index || value.style.xlat == Xlat::raw) return value.out.unsigned_integer(index);
  value.out.begin_call("if_nametoindex");
  value.out.argument();
  value.out.string(text_bytes("lo"), false);
  value.out.end_call();
}

void print_htons(const Value& value, std::uint16_t network_order) {
  value.out.begin_call("htons");
  value.out.argument();
  value.out.unsigned_integer(ntohs(network_order));
  value.out.end_call();
}

void print_htonl(const Value& value, std::uint32_t network_order) {
  value.out.begin_call("htonl");
  value.out.argument();
  value.out.unsigned_integer(ntohl(network_order));
  value.out.end_call();
}

void print_ethernet_protocol(const Value& value, std::uint16_t network_order) {
  value.out.begin_call("htons");
  value.out.argument();
  print_constant(value, named_set<"ethernet_protocol">(), ntohs(network_order));
  value.out.end_call();
}

void print_ipv4(const Value& value, Bytes address) {
  std::array<char, INET_ADDRSTRLEN> text;
  ::inet_ntop(AF_INET, address.data(), text.data(), text.size());
  value.out.begin_call("inet_addr");
  value.out.argument();
  value.out.string(text_bytes(text.data()), false);
  value.out.end_call();
}

void print_ipv6_field(const Value& value, std::string_view name, Bytes address) {
  std::array<char, INET6_ADDRSTRLEN> text;
  ::inet_ntop(AF_INET6, address.data(), text.data(), text.size());
  value.out.unnamed_field(name);
  value.out.begin_call("inet_pton");
  value.out.argument();
  print_constant(value, Kind::socket_family, AF_INET6);
  value.out.argument();
  value.out.string(text_bytes(text.data()), false);
  value.out.argument();
  value.out.verbatim(fmt::format("&{}", name));
  value.out.end_call();
}

}  // namespace sonde::decode
