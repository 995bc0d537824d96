// Messages through netlink sockets.
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

// What send() prints of these bytes, through a socket of that family.
std::string sent(std::string_view bytes, int family = NETLINK_ROUTE) {
  const std::string text =
      CallBuilder("sendto").netlink(3, family).arg(3).in(bytes).arg(bytes.size()).arg(0).arg(0).arg(0).text();
  const std::string before = "sendto(3, ";
  const std::string after = ", " + std::to_string(bytes.size()) + ", 0, NULL, 0)";
  REQUIRE(text.starts_with(before));
  REQUIRE(text.ends_with(after));
  return text.substr(before.size(), text.size() - before.size() - after.size());
}

std::string message(std::uint16_t type, std::uint16_t flags, std::string_view payload) {
  const nlmsghdr header{static_cast<std::uint32_t>(sizeof(nlmsghdr) + payload.size()), type, flags, 7, 0};
  return bytes_of(header) + std::string(payload);
}

std::string attribute(std::uint16_t type, std::string_view payload) {
  const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + payload.size()), type};
  std::string bytes = bytes_of(header) + std::string(payload);
  bytes.resize((bytes.size() + 3) / 4 * 4);
  return bytes;
}

const ifaddrmsg loopback{AF_INET, 8, IFA_F_PERMANENT, RT_SCOPE_HOST, 1};
constexpr std::string_view head =
    "{nlmsg_len=24, nlmsg_type=RTM_GETADDR, nlmsg_flags=NLM_F_REQUEST|NLM_F_DUMP, "
    "nlmsg_seq=7, nlmsg_pid=0}";
constexpr std::string_view body =
    "{ifa_family=AF_INET, ifa_prefixlen=8, ifa_flags=IFA_F_PERMANENT, "
    "ifa_scope=RT_SCOPE_HOST, ifa_index=if_nametoindex(\"lo\")}";

}  // namespace

TEST_CASE("a message is its header and what that heads") {
  const std::string get = message(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, bytes_of(loopback));
  CHECK(sent(get) == "[" + std::string(head) + ", " + std::string(body) + "]");
  CHECK(sent(message(RTM_GETADDR, NLM_F_REQUEST, std::string(1, '\0'))) ==
        "[{nlmsg_len=17, nlmsg_type=RTM_GETADDR, nlmsg_flags=NLM_F_REQUEST, nlmsg_seq=7, nlmsg_pid=0}, "
        "{ifa_family=AF_UNSPEC, ...}]");
  CHECK(sent(message(NLMSG_NOOP, 0, "")) ==
        "{nlmsg_len=16, nlmsg_type=NLMSG_NOOP, nlmsg_flags=0, nlmsg_seq=7, nlmsg_pid=0}");
  CHECK(sent(message(0x7777, 0x8000, bytes_of(0))) ==
        "[{nlmsg_len=20, nlmsg_type=0x7777 /* RTM_??? */, nlmsg_flags=0x8000 /* NLM_F_??? */, nlmsg_seq=7, "
        "nlmsg_pid=0}, "
        R"({family=AF_UNSPEC, data="\x00\x00\x00"}])");
  CHECK(sent(message(0x20, 1, "ab"), NETLINK_GENERIC) ==
        "[{nlmsg_len=18, nlmsg_type=0x20 /* NLMSG_??? */, nlmsg_flags=NLM_F_REQUEST, nlmsg_seq=7, "
        "nlmsg_pid=0}, "
        R"("\x61\x62"])");
}

TEST_CASE("attributes by the family of their message") {
  const auto with = [&](std::string_view attributes) {
    const std::string text = sent(message(RTM_NEWADDR, 0, bytes_of(loopback) + std::string(attributes)));
    const std::size_t at = text.find(body);
    REQUIRE(at != std::string::npos);
    return text.substr(at + body.size());
  };
  const std::string local = attribute(IFA_LOCAL, {"\x7f\0\0\1", 4});
  CHECK(with(local) == R"(, [{nla_len=8, nla_type=IFA_LOCAL}, inet_addr("127.0.0.1")]])");
  CHECK(
      with(local + attribute(IFA_LABEL, {"lo", 3})) ==
      R"(, [[{nla_len=8, nla_type=IFA_LOCAL}, inet_addr("127.0.0.1")], [{nla_len=7, nla_type=IFA_LABEL}, "lo"]]])");
  CHECK(with(attribute(99, "a")) == R"(, [{nla_len=5, nla_type=0x63 /* IFA_??? */}, "\x61"]])");
  CHECK(with(attribute(IFA_CACHEINFO, "abc")) ==
        R"(, [{nla_len=7, nla_type=IFA_CACHEINFO}, "\x61\x62\x63"]])");
  CHECK(with(attribute(IFA_FLAGS | NLA_F_NESTED, bytes_of(IFA_F_PERMANENT))) ==
        ", [{nla_len=8, nla_type=NLA_F_NESTED|IFA_FLAGS}, IFA_F_PERMANENT]]");
  CHECK(with(attribute(IFA_LOCAL, "")) == ", {nla_len=4, nla_type=IFA_LOCAL}]");
}

TEST_CASE("several messages, and the kernel's answers") {
  const std::string get = message(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, bytes_of(loopback));
  const std::string one = "[" + std::string(head) + ", " + std::string(body) + "]";
  CHECK(sent(get + get) == "[" + one + ", " + one + "]");
  CHECK(sent(get + "abc") == "[" + one + R"(, "\x61\x62\x63"])");
  const std::string done =
      "{nlmsg_len=20, nlmsg_type=NLMSG_DONE, nlmsg_flags=NLM_F_MULTI, nlmsg_seq=7, nlmsg_pid=0}";
  CHECK(sent(message(NLMSG_DONE, NLM_F_MULTI, bytes_of(0))) == "[" + done + ", 0]");
  const std::string answer = sent(message(NLMSG_ERROR, NLM_F_CAPPED, bytes_of(-ENODEV) + get.substr(0, 16)));
  CHECK(answer.ends_with("nlmsg_pid=0}, {error=-ENODEV, msg=" + std::string(head) + "}]"));
  CHECK(
      sent(message(NLMSG_ERROR, 0, bytes_of(-ENODEV) + get)).ends_with("{error=-ENODEV, msg=" + one + "}]"));
  CHECK(sent(message(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS,
                     bytes_of(-ENODEV) + get.substr(0, 16) + attribute(NLMSGERR_ATTR_MSG, {"why", 4})))
            .ends_with("[{error=-ENODEV, msg=" + std::string(head) +
                       R"(}, [{nla_len=8, nla_type=NLMSGERR_ATTR_MSG}, "why"]]])"));
}

TEST_CASE("messages that lie about their length") {
  std::string get = message(RTM_GETADDR, 0, bytes_of(loopback));
  get[0] = 5;
  CHECK(sent(get) == "{nlmsg_len=5, nlmsg_type=RTM_GETADDR, nlmsg_flags=0, nlmsg_seq=7, nlmsg_pid=0}");
  get[0] = get[1] = get[2] = get[3] = '\xff';
  CHECK(sent(get) ==
        "[{nlmsg_len=4294967295, nlmsg_type=RTM_GETADDR, nlmsg_flags=0, nlmsg_seq=7, nlmsg_pid=0}, " +
            std::string(body) + "]");
  CHECK(sent("short") == R"("short")");
}

TEST_CASE("data through other sockets is data, whatever it looks like") {
  const std::string get = message(RTM_GETADDR, 0, "");
  CHECK(CallBuilder("sendto").arg(3).in(get).arg(get.size()).arg(0).arg(0).arg(0).text() ==
        R"(sendto(3, "\20\0\0\0\26\0\0\0\7\0\0\0\0\0\0\0", 16, 0, NULL, 0))");
}

}  // namespace sonde::decode
