// The calls about sockets.
#include "decode/net_renderers.hpp"

#include <algorithm>
#include <sys/socket.h>

#include "decode/net_print.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

Address address_of(const Value& value) { return {as_word(value, value.raw)}; }

// The socklen_t before and after the call, where it was captured.
std::optional<std::int32_t> length_before(const Value& value, Address pointer) {
  return read_as<std::int32_t>(value.as_before(), pointer);
}
std::optional<std::int32_t> length_after(const Value& value, Address pointer) {
  return read_as<std::int32_t>(value, pointer);
}

void render_sockaddr_in(const Value& value) {
  print_sockaddr(value, address_of(value),
                 static_cast<std::uint64_t>(static_cast<std::int32_t>(next_argument(value))));
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
  const bool meaningless = value.index > 0 && as_word(value, previous_argument(value)) == 0;
  const auto before = length_before(value, pointer);
  const auto now = value.succeeded() ? length_after(value, pointer) : before;
  if (meaningless || !before || !now) return value.out.address(pointer.value);
  value.out.begin_array();
  value.out.element();
  print_changed(value, *before, *now);
  value.out.end_array();
}

// What the third argument of socket() means depends on the first. Of socketpair()'s strace shows the number.
struct Protocols {
  int family;
  const syscall::ConstantSet& (*names)();
};

constexpr Protocols protocols[] = {
    {AF_INET, named_set<"ip_protocol">},         {AF_INET6, named_set<"ip_protocol">},
    {AF_NETLINK, named_set<"netlink_protocol">}, {AF_BLUETOOTH, named_set<"bluetooth_protocol">},
    {AF_CAN, named_set<"can_protocol">},         {AF_ISDN, named_set<"isdn_protocol">},
    {AF_SMC, named_set<"smc_protocol">},         {AF_PHONET, named_set<"phonet_protocol">},
    {AF_CAIF, named_set<"caif_protocol">},       {AF_NFC, named_set<"nfc_protocol">},
    {AF_KCM, named_set<"kcm_protocol">},
};

void render_socket_protocol(const Value& value) {
  const auto family = static_cast<int>(value.call.args[0]);
  const auto protocol = static_cast<std::uint32_t>(value.raw);
  if (value.call.row->name == "socketpair") return value.out.unsigned_integer(protocol);
  if (family == AF_PACKET) return print_ethernet_protocol(value, static_cast<std::uint16_t>(protocol));
  for (const Protocols& known : protocols) {
    if (known.family == family) return print_constant(value, known.names(), protocol);
  }
  value.out.unsigned_integer(protocol);
}

// As many bytes as the next argument says, or as were received; recv(..., MSG_TRUNC) returns more than there
// was room for.
void render_message_in(const Value& value) {
  print_packet(value, address_of(value), as_word(value, next_argument(value)));
}
void render_message_out(const Value& value) {
  const auto received = static_cast<std::uint64_t>(result_of(value));
  print_packet(value, address_of(value), std::min(received, as_word(value, next_argument(value))));
}

constexpr Registration table[] = {
    {Kind::message_in, render_message_in},   {Kind::message_out, render_message_out},
    {Kind::sockaddr_in, render_sockaddr_in}, {Kind::sockaddr_out, render_sockaddr_out},
    {Kind::socklen_update, render_socklen},  {Kind::socket_protocol, render_socket_protocol},
    {Kind::msghdr_in, render_msghdr_in},     {Kind::msghdr_out, render_msghdr_out},
    {Kind::mmsghdr_in, render_mmsghdr},      {Kind::mmsghdr_out, render_mmsghdr},
};

}  // namespace

Domain net_domain() { return {table}; }

}  // namespace sonde::decode
