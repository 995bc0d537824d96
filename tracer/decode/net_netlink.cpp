// Netlink messages: their headers, the kernel's answers, and attributes.
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <vector>

#include <fmt/format.h>

#include "decode/netlink.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::decode {

namespace {

using syscall::ConstantSet;
using syscall::Kind;

constexpr std::uint64_t align4(std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; }

// Which flags a message may carry follows from what it asks for: the lowest bits of a type of NETLINK_ROUTE.
const ConstantSet& flags_of(const nlmsghdr& header, int family) {
  if (header.nlmsg_type == NLMSG_ERROR) return named_set<"netlink_ack_flags">();
  if (family == NETLINK_SOCK_DIAG) return named_set<"netlink_get_flags">();
  if (family != NETLINK_ROUTE || header.nlmsg_type < NLMSG_MIN_TYPE) return named_set<"netlink_flags">();
  switch (header.nlmsg_type & 3) {
    case 0:
      return named_set<"netlink_new_flags">();
    case 1:
      return named_set<"netlink_delete_flags">();
    case 2:
      return named_set<"netlink_get_flags">();
    default:
      return named_set<"netlink_flags">();
  }
}

void print_type(const Value& value, std::uint16_t type, int family) {
  if (type < NLMSG_MIN_TYPE) return print_constant(value, named_set<"netlink_message_type">(), type);
  if (family == NETLINK_ROUTE) return print_constant(value, named_set<"route_message_type">(), type);
  if (family == NETLINK_SOCK_DIAG) return print_constant(value, named_set<"sock_diag_message_type">(), type);
  print_constant(value, named_set<"netlink_message_type">(), type);
}

void print_header(const Value& value, const nlmsghdr& header, int family) {
  auto& out = value.out;
  out.begin_struct();
  out.field("nlmsg_len");
  out.unsigned_integer(header.nlmsg_len);
  out.field("nlmsg_type");
  print_type(value, header.nlmsg_type, family);
  out.field("nlmsg_flags");
  print_flags(value, flags_of(header, family), header.nlmsg_flags);
  out.field("nlmsg_seq");
  out.unsigned_integer(header.nlmsg_seq);
  out.field("nlmsg_pid");
  out.integer(static_cast<std::int32_t>(header.nlmsg_pid));
  out.end_struct();
}

void print_message(const Value& value, const nlmsghdr& header, Payload message, int family);

constexpr Attribute ack_attributes[] = {{NLMSGERR_ATTR_MSG, Form::text}, {NLMSGERR_ATTR_OFFS, Form::u32}};
constexpr AttributeTable ack_table{named_set<"netlink_ack_attribute">, ack_attributes};

void print_error_number(const Value& value, std::int32_t error) {
  constexpr int largest_errno = 4095;  // MAX_ERRNO of linux/err.h.
  const bool is_errno = error < 0 && error >= -largest_errno;
  const std::string_view name = is_errno ? syscall::errno_name(-error) : std::string_view();
  if (name.empty() || value.style.xlat == Xlat::raw) return value.out.integer(error);
  print_symbol(value, fmt::format("-{}", name), static_cast<std::uint32_t>(error), Base::decimal);
}

// What was asked for went wrong, or right (0), and the request as far as it was sent back.
void print_acknowledgement(const Value& value, const nlmsghdr& header, Payload payload, int family) {
  const auto error = read_as<std::int32_t>(value, payload.address);
  if (payload.size < sizeof *error || !error) return print_hex_data(value, payload.address, payload.size);
  const Payload rest = payload.after(sizeof *error);
  const auto request = read_as<nlmsghdr>(value, rest.address);
  const bool has_request = request && rest.size >= sizeof *request;
  const bool whole = has_request && *error != 0 && (header.nlmsg_flags & NLM_F_CAPPED) == 0;
  const std::uint64_t request_size =
      !has_request ? rest.size
                   : std::min<std::uint64_t>(whole ? request->nlmsg_len : sizeof *request, rest.size);
  const bool has_attributes = (header.nlmsg_flags & NLM_F_ACK_TLVS) != 0 && align4(request_size) < rest.size;
  if (has_attributes) {
    value.out.begin_array();
    value.out.element();
  }
  value.out.begin_struct();
  value.out.field("error");
  print_error_number(value, *error);
  if (rest.size != 0) {
    value.out.field("msg");
    if (has_request) {
      print_message(value, *request, {rest.address, request_size}, family);
    } else {
      print_hex_data(value, rest.address, rest.size);
    }
  }
  value.out.end_struct();
  if (!has_attributes) return;
  value.out.element();
  print_attributes(value, rest.after(align4(request_size)), ack_table, {});
  value.out.end_array();
}

void print_payload(const Value& value, const nlmsghdr& header, Payload payload, int family) {
  if (header.nlmsg_type == NLMSG_ERROR) return print_acknowledgement(value, header, payload, family);
  if (header.nlmsg_type == NLMSG_DONE && payload.size >= sizeof(std::int32_t)) {
    return value.out.integer(read_as<std::int32_t>(value, payload.address).value_or(0));
  }
  if (family == NETLINK_ROUTE && header.nlmsg_type >= NLMSG_MIN_TYPE) {
    return print_route_payload(value, header.nlmsg_type, payload);
  }
  print_hex_data(value, payload.address, payload.size);
}

// A header alone, or in brackets with what it heads.
void print_message(const Value& value, const nlmsghdr& header, Payload message, int family) {
  const std::uint64_t size = std::min<std::uint64_t>(header.nlmsg_len, message.size);
  if (size <= sizeof header) return print_header(value, header, family);
  value.out.begin_array();
  value.out.element();
  print_header(value, header, family);
  value.out.element();
  print_payload(value, header, Payload{message.address, size}.after(sizeof header), family);
  value.out.end_array();
}

// What follows a message; nothing after one that does not say where it ends.
Payload next_message(const nlmsghdr& header, Payload message) {
  return header.nlmsg_len < sizeof header ? Payload{message.address, 0}
                                          : message.after(align4(header.nlmsg_len));
}

std::optional<std::int32_t> netlink_family(const Value& value) {
  const auto fd = static_cast<int>(value.call.args[0]);
  if (const auto family = value.call.entered.netlink_protocol(fd)) return family;
  return value.call.exit ? value.call.exit->snapshot.netlink_protocol(fd) : std::nullopt;
}

std::uint64_t value_of(const Value& value, Payload payload, std::size_t size) {
  return read_unsigned(value, payload.address, size).value_or(0);
}

void print_text(const Value& value, Payload payload) {
  std::vector<std::byte> bytes(std::min<std::uint64_t>(payload.size, limits::struct_bytes));
  if (value.read(payload.address, bytes) != bytes.size()) return value.out.address(payload.address.value);
  const auto end = std::ranges::find(bytes, std::byte{0});
  const auto length = static_cast<std::size_t>(end - bytes.begin());
  const std::size_t shown = std::min<std::size_t>(length, value.style.string_limit);
  value.out.string(Bytes(bytes).first(shown), shown < length || end == bytes.end());
}

// inet_addr("127.0.0.1"), inet_pton(AF_INET6, "::1")
bool print_internet_address(const Value& value, Payload payload, std::uint8_t family) {
  std::array<std::byte, sizeof(in6_addr)> bytes{};
  const std::size_t size = family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
  if ((family != AF_INET && family != AF_INET6) || payload.size < size) return false;
  value.read(payload.address, std::span(bytes).first(size));
  if (family == AF_INET) {
    print_ipv4(value, Bytes(bytes).first(size));
    return true;
  }
  std::array<char, INET6_ADDRSTRLEN> text;
  ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  value.out.begin_call("inet_pton");
  value.out.argument();
  print_constant(value, Kind::socket_family, AF_INET6);
  value.out.argument();
  value.out.string(std::as_bytes(std::span(std::string_view(text.data()))), false);
  value.out.end_call();
  return true;
}

// Bytes that a value in that form has at least.
std::size_t least_size(const Attribute& attribute) {
  switch (attribute.form) {
    case Form::u8:
    case Form::set8:
      return 1;
    case Form::u16:
      return 2;
    case Form::u32:
    case Form::i32:
    case Form::interface:
    case Form::set32:
      return 4;
    default:
      return 0;
  }
}

// As many of the members as there are whole: newer kernels append some.
void print_structure(const Value& value, Payload payload, std::span<const Member> members) {
  while (!members.empty() && struct_size(members, Abi::x86_64) > payload.size)
    members = members.first(members.size() - 1);
  if (members.empty()) return print_hex_data(value, payload.address, payload.size);
  print_struct(value, payload.address, members);
}

void print_value(const Value& value, Payload payload, const Attribute& attribute, Context context) {
  if (payload.size < least_size(attribute)) return print_hex_data(value, payload.address, payload.size);
  switch (attribute.form) {
    case Form::u8:
    case Form::u16:
    case Form::u32:
      return value.out.unsigned_integer(value_of(value, payload, least_size(attribute)));
    case Form::i32:
      return value.out.integer(static_cast<std::int32_t>(value_of(value, payload, 4)));
    case Form::set8:
    case Form::set32:
      return print_from(value, attribute.set(), value_of(value, payload, least_size(attribute)));
    case Form::interface:
      return print_interface(value, static_cast<std::uint32_t>(value_of(value, payload, 4)));
    case Form::text:
      return print_text(value, payload);
    case Form::hardware:
      return print_hardware_address(value, payload.address, payload.size, context.hardware_type);
    case Form::structure:
      return print_structure(value, payload, attribute.members);
    case Form::mac:
      return print_mac_address(value, payload.address, payload.size);
    case Form::nested:
      return print_attributes(value, payload, *attribute.inner, context);
    case Form::address:
      if (print_internet_address(value, payload, context.family)) return;
      break;
    case Form::bytes:
      break;
  }
  print_hex_data(value, payload.address, payload.size);
}

void print_attribute_type(const Value& value, std::uint16_t raw, const AttributeTable& table) {
  const std::uint16_t flags = raw & static_cast<std::uint16_t>(~NLA_TYPE_MASK);
  const auto type = static_cast<std::uint16_t>(raw & NLA_TYPE_MASK);
  const std::string_view name = table.names().name_of(type);
  value.out.field("nla_type");
  if (flags == 0) return print_constant(value, table.names(), type);
  const std::string known =
      name.empty() ? fmt::format("{:#x} /* {} */", type, unknown_of(table.names())) : std::string(name);
  print_symbol(value, flags_text(named_set<"netlink_attribute_flags">(), flags) + "|" + known, raw);
}

void print_attribute(const Value& value, const nlattr& attribute, Payload payload,
                     const AttributeTable& table, Context context) {
  const auto head = [&] {
    value.out.begin_struct();
    value.out.field("nla_len");
    value.out.unsigned_integer(attribute.nla_len);
    print_attribute_type(value, attribute.nla_type, table);
    value.out.end_struct();
  };
  const std::uint64_t size = std::min<std::uint64_t>(attribute.nla_len, payload.size);
  if (size <= sizeof attribute) return head();
  value.out.begin_array();
  value.out.element();
  head();
  value.out.element();
  const auto type = static_cast<std::uint16_t>(attribute.nla_type & NLA_TYPE_MASK);
  const auto known = std::ranges::find(table.attributes, type, &Attribute::type);
  print_value(value, Payload{payload.address, size}.after(sizeof attribute),
              known != table.attributes.end() ? *known : Attribute{type, Form::bytes}, context);
  value.out.end_array();
}

// One after the other, as an array where there are several: what begins with a Header each. `rest_of` gives
// what is left behind one that begins in a payload, empty behind the last.
template <typename Header, typename RestOf, typename Print>
void print_each(const Value& value, Payload left, RestOf rest_of, Print print) {
  bool several = false;
  for (std::uint64_t count = 0; left.size != 0; ++count) {
    const auto header = read_as<Header>(value, left.address);
    const bool known = header && left.size >= sizeof *header;
    const Payload rest = known ? rest_of(*header, left) : Payload{left.address, 0};
    if (count == 0 && rest.size != 0) {
      several = true;
      value.out.begin_array();
    }
    if (several && count == shown_elements(value)) {
      value.out.more();
      break;
    }
    if (several) value.out.element();
    if (!known) {
      print_hex_data(value, left.address, left.size);
      break;
    }
    print(*header, left);
    left = rest;
  }
  if (several) value.out.end_array();
}

Payload next_attribute(const nlattr& attribute, Payload left) {
  return attribute.nla_len >= sizeof attribute ? left.after(align4(attribute.nla_len))
                                               : Payload{left.address, 0};
}

}  // namespace

void print_attributes(const Value& value, Payload payload, const AttributeTable& table, Context context) {
  print_each<nlattr>(value, payload, next_attribute, [&](const nlattr& attribute, Payload left) {
    print_attribute(value, attribute, left, table, context);
  });
}

void print_netlink(const Value& value, Address address, std::uint64_t size, int family) {
  print_each<nlmsghdr>(value, {address, size}, next_message, [&](const nlmsghdr& header, Payload left) {
    print_message(value, header, left, family);
  });
}

void print_packet(const Value& value, Address address, std::uint64_t size) {
  const auto family = netlink_family(value);
  if (!family || size < sizeof(nlmsghdr) || address.value == 0 || is_redacted(value, address) ||
      !read_as<nlmsghdr>(value, address)) {
    return print_data(value, address, size);
  }
  print_netlink(value, address, size, *family);
}

}  // namespace sonde::decode
