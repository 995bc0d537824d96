// Netlink messages: what the families' payloads are made of.
#pragma once

#include "decode/net_print.hpp"

namespace sonde::decode {

// A stretch of a message.
struct Payload {
  Address address;
  std::uint64_t size;

  // What follows the first `offset` bytes; nothing when there are fewer.
  Payload after(std::uint64_t offset) const {
    return offset < size ? Payload{address + offset, size - offset} : Payload{address + size, 0};
  }
};

// How an attribute's value is shown.
enum class Form : std::uint8_t {
  bytes,  // "\x01\x02"
  u8,     // A number of that size; a shorter value is shown as bytes.
  u16,
  u32,
  i32,
  text,       // A string, with or without a NUL at its end.
  address,    // Of the message's family: inet_addr("127.0.0.1")
  hardware,   // Of the interface's type: 02:00:00:00:00:01
  mac,        // The same of any length.
  interface,  // if_nametoindex("lo")
  set8,       // A constant or flags.
  set32,
  structure,  // `members`
  nested,     // Attributes again, of `inner`.
};

struct AttributeTable;

struct Attribute {
  std::uint16_t type;
  Form form;
  const syscall::ConstantSet& (*set)() = nullptr;
  std::span<const Member> members = {};
  const AttributeTable* inner = nullptr;
};

struct AttributeTable {
  const syscall::ConstantSet& (*names)();
  std::span<const Attribute> attributes;
};

// What the message's header says that its attributes need to know.
struct Context {
  std::uint8_t family = 0;          // AF_*
  std::uint16_t hardware_type = 0;  // ARPHRD_*
};

// All attributes of a payload, in brackets when there are several: [[{nla_len=8, nla_type=IFA_LOCAL}, ...],
// ...].
void print_attributes(const Value& value, Payload payload, const AttributeTable& table, Context context);

// What follows the header of a message of NETLINK_ROUTE, of that type.
void print_route_payload(const Value& value, std::uint16_t type, Payload payload);

}  // namespace sonde::decode
