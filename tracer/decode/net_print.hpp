// What the renderers of network calls share.
#pragma once

#include "decode/members.hpp"

namespace sonde::decode {

// A socket address of `length` bytes, as far as it is one: {sa_family=AF_INET, sin_port=htons(80), ...}. The
// address when it cannot be read or is too short to have a family.
void print_sockaddr(const Value& value, Address address, std::uint64_t length);

// A network interface: if_nametoindex("lo"), or its number. Only the loopback's number is the same
// everywhere; others are not looked up, since the trace may be read on another machine.
void print_interface(const Value& value, std::uint32_t index);

// An address of the hardware of an interface of that type (ARPHRD_*): 02:00:00:00:00:01, or as a string of
// bytes where the type does not say how long it is.
void print_hardware_address(const Value& value, Address address, std::size_t size, std::uint32_t type);

// The same whatever the type.
void print_mac_address(const Value& value, Address address, std::size_t size);

// htons(80), htonl(18), htons(ETH_P_ALL). The number is as it lies in memory.
void print_htons(const Value& value, std::uint16_t network_order);
void print_htonl(const Value& value, std::uint32_t network_order);
void print_ethernet_protocol(const Value& value, std::uint16_t network_order);

// inet_addr("127.0.0.1") and, as a field of its own kind, inet_pton(AF_INET6, "::1", &sin6_addr).
void print_ipv4(const Value& value, Bytes address);
void print_ipv6_field(const Value& value, std::string_view name, Bytes address);

// A socket's credentials, from `length` bytes: {pid=1, uid=0, gid=0}, as many members as there are whole.
void print_credentials(const Value& value, Address address, std::uint64_t length);

// The protocol level of a socket option or a control message: "SOL_SOCKET".
void print_option_level(const Value& value, std::uint32_t level, std::string_view unknown);

// `size` bytes that went through a socket: data, or what netlink messages are made of, where it is a netlink
// socket.
void print_packet(const Value& value, Address address, std::uint64_t size);
// Netlink messages, of a socket of that family (NETLINK_ROUTE ...).
void print_netlink(const Value& value, Address address, std::uint64_t size, int family);

// A message header, as sendmsg() takes it (`received` empty), or as recvmsg() left it with so many bytes
// received.
void print_msghdr(const Value& value, Address address, std::optional<std::uint64_t> received);

// Control messages: [{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[3]}].
void print_control(const Value& value, Address control, std::uint64_t length);

// A classic BPF program's header: {len=4, filter=0x…}; its instructions under -v.
void print_filter_program(const Value& value, Address address);

}  // namespace sonde::decode
