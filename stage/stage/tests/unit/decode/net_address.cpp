// Socket addresses and socklen_t, against what strace 6.1 prints for the same calls.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

constexpr auto fd = std::uint64_t(-1);

// What bind() prints for an address of that length.
std::string bound(std::string_view bytes, std::int64_t length) {
  return CallBuilder("bind").arg(fd).in(bytes).arg(static_cast<std::uint64_t>(length)).ret(-EBADF).text();
}
std::string bound(std::string_view bytes) { return bound(bytes, static_cast<std::int64_t>(bytes.size())); }

std::string failed(std::string_view address, std::size_t length) {
  return "bind(-1, " + std::string(address) + ", " + std::to_string(length) +
         ") = -1 EBADF (Bad file descriptor)";
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string inet6(const char* text, std::uint32_t scope) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(80);
  address.sin6_flowinfo = htonl(18);
  address.sin6_scope_id = scope;
  inet_pton(AF_INET6, text, &address.sin6_addr);
  return bytes_of(address);
}

std::string local(std::string_view path) {
  const sa_family_t family = AF_UNIX;
  return bytes_of(family) + std::string(path);
}

}  // namespace

TEST_CASE("an IPv4 address") {
  const std::string bytes = bytes_of(loopback(38273));
  CHECK(bound(bytes) ==
        failed(R"({sa_family=AF_INET, sin_port=htons(38273), sin_addr=inet_addr("127.0.0.1")})", 16));
  SUBCASE("what is too short for one is its bytes") {
    CHECK(bound(bytes.substr(0, 8)) == failed(R"({sa_family=AF_INET, sa_data="\225\201\177\0\0\1"})", 8));
    CHECK(bound(bytes.substr(0, 3)) == failed(R"({sa_family=AF_INET, sa_data="\225"})", 3));
    CHECK(bound(bytes.substr(0, 2)) == failed("{sa_family=AF_INET}", 2));
  }
  SUBCASE("what has no room for a family is not looked at") {
    CHECK(bound(bytes, 1) == failed("0x10000", 1));
    CHECK(bound(bytes, 0) == failed("0x10000", 0));
    CHECK(bound(bytes, -1) == "bind(-1, 0x10000, -1) = -1 EBADF (Bad file descriptor)");
  }
}

TEST_CASE("an address of an unknown family") {
  CHECK(bound(std::string("\x4d\0xxxx", 6)) == failed(R"({sa_family=0x4d /* AF_??? */, sa_data="xxxx"})", 6));
  CHECK(bound(std::string("\0\0xxxxxx", 8)) == failed(R"({sa_family=AF_UNSPEC, sa_data="xxxxxx"})", 8));
}

TEST_CASE("an address that cannot be read") {
  CHECK(CallBuilder("bind").arg(fd).arg(0).arg(16).ret(-EBADF).text() == failed("NULL", 16));
  CHECK(CallBuilder("bind").arg(fd).arg(8).arg(16).ret(-EBADF).text() == failed("0x8", 16));
}

TEST_CASE("an IPv6 address") {
  CHECK(bound(inet6("::1", 0)) == failed("{sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(18), "
                                         R"(inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0})",
                                         28));
  CHECK(bound(inet6("::ffff:1.2.3.4", 77)) ==
        failed("{sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(18), "
               R"(inet_pton(AF_INET6, "::ffff:1.2.3.4", &sin6_addr), sin6_scope_id=77})",
               28));
  SUBCASE("a link-local one's scope is an interface") {
    CHECK(bound(inet6("fe80::1", 1)) ==
          failed("{sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(18), "
                 R"(inet_pton(AF_INET6, "fe80::1", &sin6_addr), sin6_scope_id=if_nametoindex("lo")})",
                 28));
  }
  SUBCASE("the old form has no scope") {
    CHECK(bound(inet6("::1", 0).substr(0, 24)) ==
          failed("{sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(18), "
                 R"(inet_pton(AF_INET6, "::1", &sin6_addr)})",
                 24));
  }
}

TEST_CASE("a Unix address") {
  CHECK(bound(local(std::string("/tmp/x\n.sock\0\0\0", 15))) ==
        failed(R"({sa_family=AF_UNIX, sun_path="/tmp/x\n.sock"})", 17));
  CHECK(bound(local("/tm")) == failed(R"({sa_family=AF_UNIX, sun_path="/tm"})", 5));
  CHECK(bound(local("")) == failed("{sa_family=AF_UNIX}", 2));
  SUBCASE("an abstract one is all of its bytes") {
    CHECK(bound(local(std::string("\0a\0aaaaa", 8))) ==
          failed(R"({sa_family=AF_UNIX, sun_path=@"a\0aaaaa"})", 10));
    CHECK(bound(local(std::string("\0", 1))) == failed(R"({sa_family=AF_UNIX, sun_path=@""})", 3));
  }
  SUBCASE("a path without its NUL ends with the array") {
    const std::string path(108, 'a');
    CHECK(bound(local(path)) == failed(R"({sa_family=AF_UNIX, sun_path=")" + path + "\"}", 110));
  }
}

TEST_CASE("netlink and packet addresses") {
  sockaddr_nl netlink{};
  netlink.nl_family = AF_NETLINK;
  CHECK(bound(bytes_of(netlink)) == failed("{sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}", 12));
  netlink.nl_pid = 12;
  netlink.nl_groups = 3;
  netlink.nl_pad = 1;
  CHECK(bound(bytes_of(netlink)) ==
        failed("{sa_family=AF_NETLINK, nl_pad=0x1, nl_pid=12, nl_groups=0x000003}", 12));

  sockaddr_ll packet{};
  packet.sll_family = AF_PACKET;
  packet.sll_protocol = htons(0x0003);
  packet.sll_ifindex = 1;
  packet.sll_hatype = 1;
  packet.sll_halen = 6;
  for (unsigned char i = 0; i < 8; ++i) packet.sll_addr[i] = static_cast<unsigned char>(i + 1);
  CHECK(bound(bytes_of(packet)) ==
        failed(R"({sa_family=AF_PACKET, sll_protocol=htons(ETH_P_ALL), sll_ifindex=if_nametoindex("lo"), )"
               "sll_hatype=ARPHRD_ETHER, sll_pkttype=PACKET_HOST, sll_halen=6, "
               "sll_addr=[0x1, 0x2, 0x3, 0x4, 0x5, 0x6]}",
               20));
  packet.sll_halen = 0;
  packet.sll_ifindex = 99;
  packet.sll_pkttype = 9;
  packet.sll_hatype = 772;
  packet.sll_protocol = htons(0x7777);
  CHECK(bound(bytes_of(packet)) ==
        failed("{sa_family=AF_PACKET, sll_protocol=htons(0x7777 /* ETH_P_??? */), sll_ifindex=99, "
               "sll_hatype=ARPHRD_LOOPBACK, sll_pkttype=0x9 /* PACKET_??? */, sll_halen=0}",
               20));
}

TEST_CASE("an address that the call fills, and its length before and after") {
  const std::string address = bytes_of(loopback(80));
  const int room = 128, filled = 16, little = 4;
  CHECK(
      CallBuilder("getsockname").arg(3).out(address).inout(bytes_of(room), bytes_of(filled)).ret(0).text() ==
      R"(getsockname(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, [128 => 16]) = 0)");
  CHECK(
      CallBuilder("getpeername")
          .arg(3)
          .out(address)
          .inout(bytes_of(filled), bytes_of(filled))
          .ret(0)
          .text() ==
      R"(getpeername(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, [16]) = 0)");
  CHECK(CallBuilder("accept").arg(3).out(address).inout(bytes_of(little), bytes_of(filled)).ret(5).text() ==
        R"(accept(3, {sa_family=AF_INET, sa_data="\0P"}, [4 => 16]) = 5)");
  SUBCASE("a failed call leaves an address, and the length as it was") {
    CHECK(CallBuilder("accept").arg(fd).out("").in(bytes_of(room)).ret(-EBADF).text() ==
          "accept(-1, 0x10000, [128]) = -1 EBADF (Bad file descriptor)");
  }
  SUBCASE("without an address the length means nothing") {
    CHECK(CallBuilder("accept").arg(3).arg(0).arg(0).ret(5).text() == "accept(3, NULL, NULL) = 5");
    CHECK(CallBuilder("accept").arg(fd).arg(0).in(bytes_of(room)).ret(-EBADF).text() ==
          "accept(-1, NULL, 0x10000) = -1 EBADF (Bad file descriptor)");
  }
}

TEST_CASE("socket() and its kin") {
  const auto socket = [](std::uint64_t family, std::uint64_t type, std::uint64_t protocol) {
    return CallBuilder("socket").arg(family).arg(type).arg(protocol).ret(3).text();
  };
  CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP) ==
        "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3");
  CHECK(socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0) ==
        "socket(AF_INET6, SOCK_DGRAM|SOCK_NONBLOCK, IPPROTO_IP) = 3");
  CHECK(socket(AF_UNIX, SOCK_STREAM, 0) == "socket(AF_UNIX, SOCK_STREAM, 0) = 3");
  CHECK(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) == "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3");
  CHECK(socket(AF_NETLINK, SOCK_RAW, 77) == "socket(AF_NETLINK, SOCK_RAW, 0x4d /* NETLINK_??? */) = 3");
  CHECK(socket(AF_PACKET, SOCK_RAW, htons(3)) == "socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) = 3");
  CHECK(socket(AF_PACKET, SOCK_DGRAM, htons(0x1234)) ==
        "socket(AF_PACKET, SOCK_DGRAM, htons(0x1234 /* ETH_P_??? */)) = 3");
  CHECK(socket(99, 77, 88) == "socket(0x63 /* AF_??? */, 0x4d /* SOCK_??? */, 88) = 3");
  CHECK(socket(AF_UNIX, SOCK_STREAM | 0x40000, 1) ==
        "socket(AF_UNIX, SOCK_STREAM|0x40000 /* SOCK_??? */, 1) = 3");
  const int pair[] = {26, 27};
  CHECK(CallBuilder("socketpair").arg(AF_UNIX).arg(SOCK_STREAM).arg(0).out(bytes_of(pair)).ret(0).text() ==
        "socketpair(AF_UNIX, SOCK_STREAM, 0, [26, 27]) = 0");
}

}  // namespace sonde::decode
