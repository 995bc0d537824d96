// ioctl()s on network interfaces, and the addresses of their hardware.
#include <algorithm>
#include <array>
#include <linux/if_arp.h>
#include <linux/sockios.h>
#include <string>
#include <sys/socket.h>
#include <vector>

#include <fmt/format.h>

#include "decode/net_print.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

Address address_of(const Value& value) { return {as_word(value, value.raw)}; }

constexpr std::size_t name_bytes = IFNAMSIZ;
constexpr Member map_members[] = {
    {"mem_start", Cell::ulong, Kind::hex}, {"mem_end", Cell::ulong, Kind::hex},
    {"base_addr", Cell::u16, Kind::hex},   {"irq", Cell::u8, Kind::hex},
    {"dma", Cell::u8, Kind::hex},          {"port", Cell::u8, Kind::hex},
};

// The union that follows the name.
void print_name_field(const Value& value, Address at, std::string_view name) {
  std::array<std::byte, name_bytes> bytes{};
  value.read(at, bytes);
  value.out.field(name);
  print_name(value, bytes);
}
void print_address(const Value& value, Address at, std::string_view name) {
  value.out.field(name);
  print_sockaddr(value, at, sizeof(sockaddr));
}
void print_hardware(const Value& value, Address at, std::string_view name) {
  const auto type = static_cast<std::uint16_t>(read_unsigned(value, at, 2).value_or(0));
  value.out.field(name);
  value.out.begin_struct();
  value.out.field("sa_family");
  print_constant(value, named_set<"arp_hardware">(), type);
  value.out.field("sa_data");
  print_hardware_address(value, at + sizeof type, sizeof(sockaddr::sa_data), type);
  value.out.end_struct();
}
void print_integer(const Value& value, Address at, std::string_view name) {
  value.out.field(name);
  value.out.integer(static_cast<std::int32_t>(read_unsigned(value, at, 4).value_or(0)));
}
void print_index(const Value& value, Address at, std::string_view name) {
  value.out.field(name);
  value.out.integer(static_cast<std::int32_t>(read_unsigned(value, at, 4).value_or(0)));
}
void print_interface_flags(const Value& value, Address at, std::string_view name) {
  value.out.field(name);
  print_flags(value, named_set<"interface_flags">(), read_unsigned(value, at, 2).value_or(0));
}
void print_map(const Value& value, Address at, std::string_view name) {
  value.out.field(name);
  print_struct(value, at, map_members);
}

struct Request {
  std::uint32_t get, set;
  std::string_view member;
  void (*print)(const Value&, Address, std::string_view);
};
constexpr Request requests[] = {
    {SIOCGIFADDR, SIOCSIFADDR, "ifr_addr", print_address},
    {SIOCGIFBRDADDR, SIOCSIFBRDADDR, "ifr_broadaddr", print_address},
    {SIOCGIFDSTADDR, SIOCSIFDSTADDR, "ifr_dstaddr", print_address},
    {SIOCGIFNETMASK, SIOCSIFNETMASK, "ifr_netmask", print_address},
    {SIOCGIFHWADDR, SIOCSIFHWADDR, "ifr_hwaddr", print_hardware},
    {SIOCGIFFLAGS, SIOCSIFFLAGS, "ifr_flags", print_interface_flags},
    {SIOCGIFMTU, SIOCSIFMTU, "ifr_mtu", print_integer},
    {SIOCGIFMETRIC, SIOCSIFMETRIC, "ifr_metric", print_integer},
    {SIOCGIFTXQLEN, SIOCSIFTXQLEN, "ifr_qlen", print_integer},
    {SIOCGIFINDEX, 0, "ifr_ifindex", print_index},
    {SIOCGIFMAP, SIOCSIFMAP, "ifr_map", print_map},
    {SIOCGIFSLAVE, SIOCSIFSLAVE, "ifr_slave", print_name_field},
    {0, SIOCSIFNAME, "ifr_newname", print_name_field},
};

// Which member of the union is meant, the request says. A request for it shows it once the call has
// succeeded.
void render_ifreq(const Value& value) {
  const auto code = static_cast<std::uint32_t>(value.call.args[1]);
  const Address at = address_of(value);
  if (unreadable(value, at, struct_size(map_members, value.call.abi) + name_bytes)) return;
  value.out.begin_struct();
  if (code == SIOCGIFNAME) {
    print_index(value, at + name_bytes, "ifr_ifindex");
    if (value.succeeded()) print_name_field(value, at, "ifr_name");
    return value.out.end_struct();
  }
  print_name_field(value, at, "ifr_name");
  for (const Request& request : requests) {
    if (code == request.set || (code == request.get && value.succeeded())) {
      request.print(value, at + name_bytes, request.member);
    }
  }
  value.out.end_struct();
}

std::size_t ifreq_size(const Value& value) { return value.word() == 8 ? 40 : 32; }

void print_length(const Value& value, std::int32_t bytes) {
  const auto size = static_cast<std::int32_t>(ifreq_size(value));
  value.out.integer(bytes);
  if (bytes >= size && bytes % size == 0) {
    value.out.comment(fmt::format("{} * sizeof(struct ifreq)", bytes / size));
  }
}

void print_list(const Value& value, Address buffer, std::int32_t length) {
  value.out.field("ifc_buf");
  if (buffer.value == 0 || !value.succeeded()) return value.out.address(buffer.value);
  const std::size_t size = ifreq_size(value);
  print_array(
      value, buffer, static_cast<std::uint64_t>(std::max(length, 0)) / size, size,
      [&](Address at) {
        value.out.begin_struct();
        print_name_field(value, at, "ifr_name");
        print_address(value, at + name_bytes, "ifr_addr");
        value.out.end_struct();
      },
      shown_elements(value));
}

// SIOCGIFCONF: the room for a list of interfaces, and the list.
void render_ifconf(const Value& value) {
  const Address at = address_of(value);
  const auto before = read_as<std::int32_t>(value.as_before(), at);
  const auto now = read_as<std::int32_t>(value, at);
  const auto buffer = read_word(value, at + value.word());
  if (at.value == 0 || !before || !now || !buffer) return value.out.address(at.value);
  value.out.begin_struct();
  value.out.field("ifc_len");
  if (*before == *now || *buffer == 0) {
    print_length(value, *now);
  } else {
    value.out.begin_change();
    print_length(value, *before);
    value.out.changed();
    print_length(value, *now);
    value.out.end_change();
  }
  print_list(value, {*buffer}, *now);
  value.out.end_struct();
}

constexpr Registration table[] = {
    {Kind::ifreq_in, render_ifreq},
    {Kind::ifreq_update, render_ifreq},
    {Kind::ifconf_update, render_ifconf},
};

constexpr std::size_t longest_hardware_address = 32;  // MAX_ADDR_LEN of the kernel's linux/netdevice.h

// Bytes of the address of an interface of that type; 0 when they follow from nothing but what is there.
std::size_t hardware_address_size(std::uint32_t type) {
  switch (type) {
    case ARPHRD_ETHER:
    case ARPHRD_IEEE802:
    case ARPHRD_LOOPBACK:
    case ARPHRD_FDDI:
    case ARPHRD_IEEE80211:
      return 6;
    case ARPHRD_NETROM:
    case ARPHRD_AX25:
      return 7;
    default:
      return 0;
  }
}

}  // namespace

void print_hardware_address(const Value& value, Address address, std::size_t size, std::uint32_t type) {
  const std::size_t known = hardware_address_size(type);
  known == 0 ? print_hex_data(value, address, size)
             : print_mac_address(value, address, std::min(known, size));
}

void print_mac_address(const Value& value, Address address, std::size_t size) {
  std::vector<std::byte> bytes(std::min(size, longest_hardware_address));
  if (value.read(address, bytes) != bytes.size()) return value.out.address(address.value);
  std::string text;
  for (const std::byte byte : bytes) {
    fmt::format_to(std::back_inserter(text), "{}{:02x}", text.empty() ? "" : ":",
                   static_cast<unsigned>(byte));
  }
  value.out.verbatim(text);
}

Domain net_interface_domain() { return {table}; }

}  // namespace sonde::decode
