// The calls about sockets.
#include "decode/net_renderers.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "decode/net_print.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

Address address_of(const Value& value) { return {as_word(value, value.raw)}; }
std::uint64_t next_argument(const Value& value) { return value.call.args[value.index + 1]; }

// The socklen_t before and after the call, where it was captured.
std::optional<std::int32_t> length_before(const Value& value, Address pointer) {
  return read_before<std::int32_t>(value, pointer);
}
std::optional<std::int32_t> length_after(const Value& value, Address pointer) {
  return read_as<std::int32_t>(value, pointer);
}

void render_sockaddr_in(const Value& value) {
  print_sockaddr(value, address_of(value), static_cast<std::uint64_t>(static_cast<std::int32_t>(next_argument(value))));
}

// Filled by the call, up to the room that the caller gave.
void render_sockaddr_out(const Value& value) {
  const Address pointer{as_word(value, next_argument(value))};
  const auto room = length_before(value, pointer);
  const auto length = length_after(value, pointer);
  if (!room || !length || *length < 0 || *room < 0) return value.out.address(address_of(value).value);
  print_sockaddr(value, address_of(value), static_cast<std::uint64_t>(std::min(*room, *length)));
}

// Without an address to fill, the length means nothing and is not looked at.
void render_socklen(const Value& value) {
  const Address pointer = address_of(value);
  const bool meaningless = value.index > 0 && as_word(value, value.call.args[value.index - 1]) == 0;
  const auto before = length_before(value, pointer);
  const auto now = value.succeeded() ? length_after(value, pointer) : before;
  if (meaningless || !before || !now) return value.out.address(pointer.value);
  value.out.begin_array();
  value.out.element();
  print_changed(value, *before, *now);
  value.out.end_array();
}

// What the third argument of socket() means depends on the first.
struct Protocols {
  int family;
  Kind names;
};

constexpr Protocols protocols[] = {
    {AF_INET, Kind::ip_protocol},          {AF_INET6, Kind::ip_protocol},
    {AF_NETLINK, Kind::netlink_protocol},  {AF_BLUETOOTH, Kind::bluetooth_protocol},
    {AF_CAN, Kind::can_protocol},          {AF_ISDN, Kind::isdn_protocol},
    {AF_SMC, Kind::smc_protocol},          {AF_PHONET, Kind::phonet_protocol},
    {AF_CAIF, Kind::caif_protocol},        {AF_NFC, Kind::nfc_protocol},
    {AF_KCM, Kind::kcm_protocol},
};

void render_socket_protocol(const Value& value) {
  const auto family = static_cast<int>(value.call.args[0]);
  const auto protocol = static_cast<std::uint32_t>(value.raw);
  if (family == AF_PACKET) return print_ethernet_protocol(value, static_cast<std::uint16_t>(protocol));
  for (const Protocols& known : protocols) {
    if (known.family == family) return print_constant(value, known.names, protocol);
  }
  value.out.unsigned_integer(protocol);
}

// A type with flags added to it: SOCK_STREAM|SOCK_CLOEXEC.
void render_socket_type(const Value& value) {
  constexpr std::uint32_t type_mask = 0xf;
  const auto raw = static_cast<std::uint32_t>(value.raw);
  const auto* types = syscall::constants_of(Kind::socket_type);
  const auto* flags = syscall::constants_of(Kind::socket_flags);
  if (types == nullptr || flags == nullptr) return value.out.hex(raw);
  const std::string_view type = types->name_of(raw & type_mask);
  if (type.empty()) return print_unknown(value, "SOCK_???", raw);
  if ((raw & ~type_mask) == 0) return print_symbol(value, type, raw);
  print_symbol(value, flags_text(*flags, raw & ~type_mask, type), raw);
}

void render_descriptor_pair(const Value& value) {
  print_array(value, address_of(value), 2, sizeof(int), [&](Address at) {
    print_new_fd(value, static_cast<int>(read_unsigned(value, at, sizeof(int)).value_or(0)));
  });
}

constexpr Registration table[] = {
    {Kind::sockaddr_in, render_sockaddr_in},
    {Kind::sockaddr_out, render_sockaddr_out},
    {Kind::socklen_update, render_socklen},
    {Kind::socket_protocol, render_socket_protocol},
    {Kind::socket_type, render_socket_type},
    {Kind::fd_pair_out, render_descriptor_pair},
    {Kind::msghdr_in, render_msghdr_in},
    {Kind::msghdr_out, render_msghdr_out},
    {Kind::mmsghdr_in, render_mmsghdr},
    {Kind::mmsghdr_out, render_mmsghdr},
};

}  // namespace

Domain net_domain() { return {table}; }

}  // namespace sonde::decode
