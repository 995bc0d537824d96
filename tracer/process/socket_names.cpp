#include "sonde/process/socket_names.hpp"

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <optional>
#include <sstream>
#include <string_view>
#include <sys/socket.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "sonde/base/unique_fd.hpp"

namespace sonde::process {

namespace {

struct Found {
  std::string text;
  bool connected = false;
  std::string bound = {};
};

template <typename T>
T hexadecimal(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

struct Endpoint {
  std::string text;
  bool bound = false;  // To a port.
};

// "0100007F:1F90": words of the address in memory order, a colon, the port. 8 digits are IPv4, 32 IPv6.
Endpoint endpoint(std::string_view field) {
  const std::size_t colon = field.find(':');
  if (colon != 8 && colon != 32) return {};
  std::array<std::uint32_t, 4> words{};
  for (std::size_t i = 0; i < colon / 8; ++i) words[i] = hexadecimal<std::uint32_t>(field.substr(i * 8, 8));
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v6 = colon == 32;
  ::inet_ntop(v6 ? AF_INET6 : AF_INET, words.data(), text.data(), text.size());
  const auto port = hexadecimal<std::uint16_t>(field.substr(colon + 1));
  return {v6 ? fmt::format("[{}]:{}", text.data(), port) : fmt::format("{}:{}", text.data(), port),
          port != 0};
}

// Lines of /proc/PID/net/{tcp,udp,...}: sl local remote st queues timer retransmits uid timeout inode ...
std::optional<Found> internet(pid_t pid, std::string_view file, std::uint64_t inode) {
  std::ifstream lines(fmt::format("/proc/{}/net/{}", pid, file));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout;
    std::uint64_t number = 0;
    if (!(words >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >>
          number)) {
      continue;
    }
    if (number != inode) continue;
    const Endpoint from = endpoint(local);
    const Endpoint to = endpoint(remote);
    return Found{to.bound ? from.text + "->" + to.text : from.text, to.bound};
  }
  return std::nullopt;
}

Found unix_from(std::uint64_t inode, const nlmsghdr& message) {
  Found found{fmt::format("{}", inode), false};
  const auto* diag = static_cast<const unix_diag_msg*>(NLMSG_DATA(&message));
  int left = static_cast<int>(message.nlmsg_len - NLMSG_LENGTH(sizeof *diag));
  for (auto* attribute = reinterpret_cast<const rtattr*>(diag + 1); RTA_OK(attribute, left);
       attribute = RTA_NEXT(attribute, left)) {
    const auto* data = static_cast<const char*>(RTA_DATA(attribute));
    if (attribute->rta_type == UNIX_DIAG_PEER && RTA_PAYLOAD(attribute) >= sizeof(std::uint32_t)) {
      std::uint32_t peer;
      std::memcpy(&peer, data, sizeof peer);
      found.text = fmt::format("{}->{}", inode, peer);
      found.connected = peer != 0;  // It is 0 until the other side has accepted.
    } else if (attribute->rta_type == UNIX_DIAG_NAME) {
      found.bound.assign(data, RTA_PAYLOAD(attribute));
      // The kernel counts the NUL at a path's end.
      if (found.bound.front() != '\0') found.bound.resize(std::strlen(found.bound.c_str()));
    }
  }
  return found;
}

std::optional<Found> unix_socket(std::uint64_t inode) {
  const UniqueFd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink) return std::nullopt;
  struct {
    nlmsghdr header;
    unix_diag_req request;
  } query{};
  query.header = {sizeof query, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0};
  query.request.sdiag_family = AF_UNIX;
  query.request.udiag_states = ~0u;
  query.request.udiag_ino = static_cast<std::uint32_t>(inode);
  query.request.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER;
  query.request.udiag_cookie[0] = query.request.udiag_cookie[1] = ~0u;
  if (::send(netlink.value(), &query, sizeof query, 0) != static_cast<ssize_t>(sizeof query))
    return std::nullopt;
  alignas(nlmsghdr) std::array<char, 4096> answer;
  const ssize_t n = ::recv(netlink.value(), answer.data(), answer.size(), 0);
  const auto* message = reinterpret_cast<const nlmsghdr*>(answer.data());
  if (n < 0 || !NLMSG_OK(message, static_cast<std::size_t>(n)) ||
      message->nlmsg_type != SOCK_DIAG_BY_FAMILY) {
    return std::nullopt;
  }
  return unix_from(inode, *message);
}

struct NetlinkLine {
  int protocol;
  std::uint64_t port;
};

// Lines of /proc/PID/net/netlink: sk eth pid groups rmem wmem dump locks drops inode.
std::optional<NetlinkLine> netlink_line(pid_t pid, std::uint64_t inode) {
  std::ifstream lines(fmt::format("/proc/{}/net/netlink", pid));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string sk, groups, rmem, wmem, dump, locks, drops;
    NetlinkLine found{};
    std::uint64_t number = 0;
    if (!(words >> sk >> found.protocol >> found.port >> groups >> rmem >> wmem >> dump >> locks >> drops >>
          number))
      continue;
    if (number == inode) return found;
  }
  return std::nullopt;
}

std::optional<Found> netlink_socket(pid_t pid, std::uint64_t inode) {
  constexpr std::array<std::string_view, 22> protocols{
      "ROUTE",   "UNUSED", "USERSOCK",      "FIREWALL",  "SOCK_DIAG", "NFLOG",  "XFRM",    "SELINUX",
      "ISCSI",   "AUDIT",  "FIB_LOOKUP",    "CONNECTOR", "NETFILTER", "IP6_FW", "DNRTMSG", "KOBJECT_UEVENT",
      "GENERIC", "",       "SCSITRANSPORT", "ECRYPTFS",  "RDMA",      "CRYPTO"};
  const auto line = netlink_line(pid, inode);
  if (!line) return std::nullopt;
  const auto protocol = static_cast<std::size_t>(line->protocol);
  const std::string name =
      protocol < protocols.size() ? std::string(protocols[protocol]) : fmt::format("{}", protocol);
  return Found{fmt::format("{}:{}", name, line->port), true};
}

// The kernel tells a socket's protocol through this attribute, with a NUL at its end; empty where there is
// none.
std::string protocol_name(const char* link) {
  std::array<char, 64> protocol{};
  if (::getxattr(link, "system.sockprotoname", protocol.data(), protocol.size() - 1) <= 0) return {};
  return protocol.data();
}

}  // namespace

SocketName SocketNames::describe(pid_t pid, const char* link, std::uint64_t inode) {
  if (const auto known = connected_.find(inode); known != connected_.end()) return known->second;
  const std::string name = protocol_name(link);
  if (name.empty()) return {};
  std::optional<Found> found;
  if (name == "TCP") found = internet(pid, "tcp", inode);
  if (name == "UDP") found = internet(pid, "udp", inode);
  if (name == "RAW") found = internet(pid, "raw", inode);
  if (name == "TCPv6") found = internet(pid, "tcp6", inode);
  if (name == "UDPv6") found = internet(pid, "udp6", inode);
  if (name == "RAWv6") found = internet(pid, "raw6", inode);
  if (name.starts_with("UNIX")) found = unix_socket(inode);
  if (name == "NETLINK") found = netlink_socket(pid, inode);
  SocketName named{fmt::format("{}:[{}]", name, found ? found->text : fmt::format("{}", inode)),
                   found ? found->bound : std::string()};
  if (found && found->connected && connected_.size() < kept) connected_.emplace(inode, named);
  return named;
}

std::optional<int> SocketNames::netlink_protocol(pid_t pid, const char* link, std::uint64_t inode) {
  if (const auto known = netlink_.find(inode); known != netlink_.end()) return known->second;
  if (protocol_name(link) != "NETLINK") return std::nullopt;
  const auto line = netlink_line(pid, inode);
  if (!line) return unknown_protocol;
  if (netlink_.size() < kept) netlink_.emplace(inode, line->protocol);
  return line->protocol;
}

}  // namespace sonde::process
