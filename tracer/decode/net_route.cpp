// What messages of NETLINK_ROUTE carry: links, addresses, routes, neighbours, rules.
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "decode/netlink.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

#define U32(name) \
  { name, Cell::u32, Kind::udec }
#define U64(name) \
  { name, Cell::u64, Kind::ludec }
#define STATISTICS(NUMBER)                                                                                 \
  NUMBER("rx_packets"), NUMBER("tx_packets"), NUMBER("rx_bytes"), NUMBER("tx_bytes"), NUMBER("rx_errors"), \
      NUMBER("tx_errors"), NUMBER("rx_dropped"), NUMBER("tx_dropped"), NUMBER("multicast"),                \
      NUMBER("collisions"), NUMBER("rx_length_errors"), NUMBER("rx_over_errors"), NUMBER("rx_crc_errors"), \
      NUMBER("rx_frame_errors"), NUMBER("rx_fifo_errors"), NUMBER("rx_missed_errors"),                     \
      NUMBER("tx_aborted_errors"), NUMBER("tx_carrier_errors"), NUMBER("tx_fifo_errors"),                  \
      NUMBER("tx_heartbeat_errors"), NUMBER("tx_window_errors"), NUMBER("rx_compressed"),                  \
      NUMBER("tx_compressed"), NUMBER("rx_nohandler")
constexpr Member statistics[] = {STATISTICS(U32)};
constexpr Member statistics64[] = {STATISTICS(U64), U64("rx_otherhost_dropped")};
#undef STATISTICS
constexpr Member hardware_map[] = {
    {"mem_start", Cell::u64, Kind::hex}, {"mem_end", Cell::u64, Kind::hex},
    {"base_addr", Cell::u64, Kind::hex}, {"irq", Cell::u16, Kind::udec},
    {"dma", Cell::u8, Kind::udec},       {"port", Cell::u8, Kind::udec},
};
constexpr Member address_cache[] = {U32("ifa_prefered"), U32("ifa_valid"), U32("cstamp"), U32("tstamp")};
constexpr Member route_cache[] = {
    U32("rta_clntref"), U32("rta_lastuse"), {"rta_expires", Cell::i32, Kind::dec},
    U32("rta_error"),   U32("rta_used"),    {"rta_id", Cell::u32, Kind::hex32},
    U32("rta_ts"),      U32("rta_tsage")};
constexpr Member neighbour_cache[] = {U32("ndm_confirmed"), U32("ndm_used"), U32("ndm_updated"),
                                      U32("ndm_refcnt")};
#undef U32
#undef U64

constexpr Attribute link_info_attributes[] = {{IFLA_INFO_KIND, Form::text},
                                              {IFLA_INFO_SLAVE_KIND, Form::text}};
constexpr AttributeTable link_info{named_set<"link_info_attribute">, link_info_attributes};
constexpr Attribute xdp_attributes[] = {{IFLA_XDP_FD, Form::i32},
                                        {IFLA_XDP_ATTACHED, Form::set8, named_set<"xdp_attached">},
                                        {IFLA_XDP_PROG_ID, Form::u32}};
constexpr AttributeTable xdp{named_set<"link_xdp_attribute">, xdp_attributes};

constexpr Attribute link_attributes[] = {
    {IFLA_ADDRESS, Form::hardware},
    {IFLA_BROADCAST, Form::hardware},
    {IFLA_PERM_ADDRESS, Form::hardware},
    {IFLA_IFNAME, Form::text},
    {IFLA_ALT_IFNAME, Form::text},
    {IFLA_QDISC, Form::text},
    {IFLA_IFALIAS, Form::text},
    {IFLA_PHYS_PORT_NAME, Form::text},
    {IFLA_MTU, Form::u32},
    {IFLA_LINK, Form::u32},
    {IFLA_MASTER, Form::interface},
    {IFLA_TXQLEN, Form::u32},
    {IFLA_WEIGHT, Form::u32},
    {IFLA_OPERSTATE, Form::u8},
    {IFLA_LINKMODE, Form::u8},
    {IFLA_NET_NS_PID, Form::u32},
    {IFLA_NUM_VF, Form::u32},
    {IFLA_GROUP, Form::u32},
    {IFLA_EXT_MASK, Form::set32, named_set<"link_extended_filter">},
    {IFLA_PROMISCUITY, Form::u32},
    {IFLA_NUM_TX_QUEUES, Form::u32},
    {IFLA_NUM_RX_QUEUES, Form::u32},
    {IFLA_CARRIER, Form::u8},
    {IFLA_CARRIER_CHANGES, Form::u32},
    {IFLA_CARRIER_UP_COUNT, Form::u32},
    {IFLA_CARRIER_DOWN_COUNT, Form::u32},
    {IFLA_LINK_NETNSID, Form::i32},
    {IFLA_PROTO_DOWN, Form::u8},
    {IFLA_GSO_MAX_SEGS, Form::u32},
    {IFLA_GSO_MAX_SIZE, Form::u32},
    {58, Form::u32},  // IFLA_GRO_MAX_SIZE to IFLA_ALLMULTI, newer than some headers.
    {59, Form::u32},
    {60, Form::u32},
    {61, Form::u32},
    {IFLA_MIN_MTU, Form::u32},
    {IFLA_MAX_MTU, Form::u32},
    {IFLA_STATS, Form::structure, nullptr, statistics},
    {IFLA_STATS64, Form::structure, nullptr, statistics64},
    {IFLA_MAP, Form::structure, nullptr, hardware_map},
    {IFLA_LINKINFO, Form::nested, nullptr, {}, &link_info},
    {IFLA_XDP, Form::nested, nullptr, {}, &xdp},
};
constexpr AttributeTable link_table{named_set<"link_attribute">, link_attributes};

constexpr Attribute address_attributes[] = {
    {IFA_ADDRESS, Form::address},
    {IFA_LOCAL, Form::address},
    {IFA_BROADCAST, Form::address},
    {IFA_ANYCAST, Form::address},
    {IFA_MULTICAST, Form::address},
    {IFA_LABEL, Form::text},
    {IFA_FLAGS, Form::set32, named_set<"address_flags">},
    {IFA_CACHEINFO, Form::structure, nullptr, address_cache},
    {IFA_RT_PRIORITY, Form::u32},
    {IFA_TARGET_NETNSID, Form::i32},
};
constexpr AttributeTable address_table{named_set<"address_attribute">, address_attributes};

constexpr Attribute route_attributes[] = {
    {RTA_DST, Form::address},
    {RTA_SRC, Form::address},
    {RTA_GATEWAY, Form::address},
    {RTA_PREFSRC, Form::address},
    {RTA_NEWDST, Form::address},
    {RTA_IIF, Form::interface},
    {RTA_OIF, Form::interface},
    {RTA_PRIORITY, Form::u32},
    {RTA_FLOW, Form::u32},
    {RTA_MARK, Form::u32},
    {RTA_UID, Form::u32},
    {RTA_NH_ID, Form::u32},
    {RTA_PREF, Form::u8},
    {RTA_TTL_PROPAGATE, Form::u8},
    {RTA_TABLE, Form::set32, named_set<"route_table">},
    {RTA_CACHEINFO, Form::structure, nullptr, route_cache},
};
constexpr AttributeTable route_table{named_set<"route_attribute">, route_attributes};

constexpr Attribute neighbour_attributes[] = {
    {NDA_DST, Form::address},
    {NDA_LLADDR, Form::mac},
    {NDA_CACHEINFO, Form::structure, nullptr, neighbour_cache},
    {NDA_PROBES, Form::u32},
    {NDA_VNI, Form::u32},
    {NDA_IFINDEX, Form::interface},
    {NDA_MASTER, Form::interface},
    {NDA_LINK_NETNSID, Form::u32},
    {NDA_SRC_VNI, Form::u32},
};
constexpr AttributeTable neighbour_table{named_set<"neighbour_attribute">, neighbour_attributes};

constexpr Attribute rule_attributes[] = {
    {FRA_DST, Form::address},
    {FRA_SRC, Form::address},
    {FRA_IIFNAME, Form::text},
    {FRA_OIFNAME, Form::text},
    {FRA_GOTO, Form::u32},
    {FRA_PRIORITY, Form::u32},
    {FRA_FWMARK, Form::u32},
    {FRA_FLOW, Form::u32},
    {FRA_SUPPRESS_IFGROUP, Form::u32},
    {FRA_SUPPRESS_PREFIXLEN, Form::u32},
    {FRA_FWMASK, Form::u32},
    {FRA_L3MDEV, Form::u8},
    {FRA_TABLE, Form::set32, named_set<"route_table">},
    {FRA_PROTOCOL, Form::set8, named_set<"route_protocol">},
};
constexpr AttributeTable rule_table{named_set<"rule_attribute">, rule_attributes};

// A member of a message's header. Those without a name are padding.
struct HeaderMember {
  std::string_view name;
  Cell cell;
  enum class Form : std::uint8_t { padding, number, set, interface } form = Form::padding;
  const syscall::ConstantSet& (*set)() = nullptr;
};
using enum HeaderMember::Form;

constexpr HeaderMember link_header[] = {
    {"", Cell::u8},
    {"ifi_type", Cell::u16, set, named_set<"arp_hardware">},
    {"ifi_index", Cell::i32, interface},
    {"ifi_flags", Cell::u32, set, named_set<"interface_flags">},
    {"ifi_change", Cell::u32, set, named_set<"interface_flags">},
};
constexpr HeaderMember address_header[] = {
    {"ifa_prefixlen", Cell::u8, number},
    {"ifa_flags", Cell::u8, set, named_set<"address_flags">},
    {"ifa_scope", Cell::u8, set, named_set<"route_scope">},
    {"ifa_index", Cell::u32, interface},
};
constexpr HeaderMember route_header[] = {
    {"rtm_dst_len", Cell::u8, number},
    {"rtm_src_len", Cell::u8, number},
    {"rtm_tos", Cell::u8, number},
    {"rtm_table", Cell::u8, set, named_set<"route_table">},
    {"rtm_protocol", Cell::u8, set, named_set<"route_protocol">},
    {"rtm_scope", Cell::u8, set, named_set<"route_scope">},
    {"rtm_type", Cell::u8, set, named_set<"route_type">},
    {"rtm_flags", Cell::u32, set, named_set<"route_flags">},
};
constexpr HeaderMember neighbour_header[] = {
    {"", Cell::u8},
    {"", Cell::u16},
    {"ndm_ifindex", Cell::i32, interface},
    {"ndm_state", Cell::u16, set, named_set<"neighbour_state">},
    {"ndm_flags", Cell::u8, set, named_set<"neighbour_flags">},
    {"ndm_type", Cell::u8, set, named_set<"route_type">},
};
constexpr HeaderMember rule_header[] = {
    {"dst_len", Cell::u8, number},
    {"src_len", Cell::u8, number},
    {"tos", Cell::u8, number},
    {"table", Cell::u8, set, named_set<"route_table">},
    {"", Cell::u8},
    {"", Cell::u8},
    {"action", Cell::u8, set, named_set<"rule_action">},
    {"flags", Cell::u32, set, named_set<"rule_flags">},
};

struct Subject {
  std::uint16_t first;  // RTM_NEW…; deleting, getting and setting follow.
  std::string_view family_name;
  std::span<const HeaderMember> header;
  std::size_t header_size;
  const AttributeTable& attributes;
};
constexpr Subject subjects[] = {
    {RTM_NEWLINK, "ifi_family", link_header, sizeof(ifinfomsg), link_table},
    {RTM_NEWADDR, "ifa_family", address_header, sizeof(ifaddrmsg), address_table},
    {RTM_NEWROUTE, "rtm_family", route_header, sizeof(rtmsg), route_table},
    {RTM_NEWNEIGH, "ndm_family", neighbour_header, sizeof(ndmsg), neighbour_table},
    {RTM_NEWRULE, "family", rule_header, sizeof(fib_rule_hdr), rule_table},
};

void print_member(const Value& value, const HeaderMember& member, std::uint64_t raw) {
  if (member.form == padding) return;
  value.out.field(member.name);
  if (member.form == number) return value.out.unsigned_integer(raw);
  if (member.form == interface) return print_interface(value, static_cast<std::uint32_t>(raw));
  print_from(value, member.set(), raw);
}

void print_unknown_payload(const Value& value, Payload payload) {
  value.out.begin_struct();
  value.out.field("family");
  print_constant(value, Kind::socket_family, read_unsigned(value, payload.address, 1).value_or(0));
  if (payload.size > 1) {
    value.out.field("data");
    print_hex_data(value, payload.address + 1, payload.size - 1);
  }
  value.out.end_struct();
}

}  // namespace

void print_route_payload(const Value& value, std::uint16_t type, Payload payload) {
  for (const Subject& subject : subjects) {
    if (subject.first != (type & ~3)) continue;
    MemberCursor cursor(value, payload.address);
    Context context;
    context.family = static_cast<std::uint8_t>(cursor.next(Cell::u8).value_or(0));
    const bool whole = payload.size >= subject.header_size;
    const Payload attributes = payload.after((subject.header_size + 3) & ~std::size_t{3});
    const bool has_attributes = whole && attributes.size != 0;
    value.out.begin_struct();
    value.out.field(subject.family_name);
    print_constant(value, Kind::socket_family, context.family);
    for (const HeaderMember& member : whole ? subject.header : std::span<const HeaderMember>()) {
      const auto raw = cursor.next(member.cell).value_or(0);
      if (member.name == "ifi_type") context.hardware_type = static_cast<std::uint16_t>(raw);
      print_member(value, member, raw);
    }
    if (!whole) value.out.more();
    value.out.end_struct();
    if (!has_attributes) return;
    value.out.element();
    return print_attributes(value, attributes, subject.attributes, context);
  }
  print_unknown_payload(value, payload);
}
}  // namespace sonde::decode
