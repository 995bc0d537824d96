// sendmsg() and its kin, and socket options.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

constexpr std::uint64_t header_at = 0x1000, vector_at = 0x2000, data_at = 0x3000, control_at = 0x4000;

void* pointer(std::uint64_t address) { return reinterpret_cast<void*>(address); }

// A header with one buffer of three bytes.
msghdr header(std::size_t control = 0) {
  msghdr made{};
  made.msg_iov = static_cast<iovec*>(pointer(vector_at));
  made.msg_iovlen = 1;
  made.msg_control = pointer(control_at);
  made.msg_controllen = control;
  return made;
}

std::string one_buffer() { return bytes_of(iovec{pointer(data_at), 3}); }

std::string control_message(int level, int type, std::size_t length, std::string_view payload) {
  cmsghdr head{};
  head.cmsg_len = length;
  head.cmsg_level = level;
  head.cmsg_type = type;
  std::string bytes = bytes_of(head) + std::string(payload);
  bytes.resize((bytes.size() + 7) & ~std::size_t{7});
  return bytes;
}

// What sendmsg() prints between "msg_iovlen=1, " and ", msg_flags=0".
std::string sent_control(std::string_view control) {
  const std::string text = CallBuilder("sendmsg")
                               .arg(3)
                               .arg(header_at)
                               .memory(header_at, bytes_of(header(control.size())))
                               .memory(vector_at, one_buffer())
                               .memory(data_at, "abc")
                               .memory(control_at, control)
                               .arg(0)
                               .ret(3)
                               .text();
  const std::string before =
      R"(sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="abc", iov_len=3}], msg_iovlen=1, )";
  const std::string after = ", msg_flags=0}, 0) = 3";
  REQUIRE(text.starts_with(before));
  REQUIRE(text.ends_with(after));
  return text.substr(before.size(), text.size() - before.size() - after.size());
}

}  // namespace

TEST_CASE("a message without control data") { CHECK(sent_control("") == "msg_controllen=0"); }

TEST_CASE("control messages") {
  const int fds[] = {0, 1};
  CHECK(sent_control(control_message(SOL_SOCKET, SCM_RIGHTS, 24, bytes_of(fds))) ==
        "msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[0, 1]}], "
        "msg_controllen=24");
  const ucred peer{13233, 0, 0};
  CHECK(sent_control(control_message(SOL_SOCKET, SCM_CREDENTIALS, 28, bytes_of(peer))) ==
        "msg_control=[{cmsg_len=28, cmsg_level=SOL_SOCKET, cmsg_type=SCM_CREDENTIALS, "
        "cmsg_data={pid=13233, uid=0, gid=0}}], msg_controllen=32");
  const long time[] = {1795233742, 96445};
  CHECK(sent_control(control_message(SOL_SOCKET, SO_TIMESTAMP_OLD, 32, bytes_of(time))) ==
        "msg_control=[{cmsg_len=32, cmsg_level=SOL_SOCKET, cmsg_type=SO_TIMESTAMP_OLD, "
        "cmsg_data={tv_sec=1795233742, tv_usec=96445}}], msg_controllen=32");
  CHECK(
      sent_control(control_message(SOL_IP, IP_TTL, 20, bytes_of(64))) ==
      "msg_control=[{cmsg_len=20, cmsg_level=SOL_IP, cmsg_type=IP_TTL, cmsg_data=[64]}], msg_controllen=24");
  CHECK(sent_control(control_message(SOL_IPV6, 50, 36, std::string(20, '\0'))) ==
        "msg_control=[{cmsg_len=36, cmsg_level=SOL_IPV6, cmsg_type=0x32}], msg_controllen=40");
}

TEST_CASE("control messages that lie about their length") {
  const int fds[] = {0, 1, 0, 0};
  CHECK(sent_control(control_message(SOL_SOCKET, SCM_RIGHTS, 1000, bytes_of(fds))) ==
        "msg_control=[{cmsg_len=1000, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[0, 1, 0, 0]}], "
        "msg_controllen=32");
  CHECK(sent_control(control_message(SOL_SOCKET, SCM_RIGHTS, 8, "")) ==
        "msg_control=[{cmsg_len=8, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS}], msg_controllen=16");
  CHECK(sent_control(control_message(SOL_SOCKET, SCM_RIGHTS, ~std::size_t{0}, "")) ==
        "msg_control=[{cmsg_len=18446744073709551615, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS}], "
        "msg_controllen=16");
  CHECK(sent_control(std::string(8, 'x')) == "msg_control=0x4000, msg_controllen=8");
  // What remains after the message has no room for another.
  CHECK(sent_control(control_message(SOL_SOCKET, 77, 20, std::string(16, '\0'))) ==
        "msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=0x4d /* SCM_??? */}, ... /* 0x4018 */], "
        "msg_controllen=32");
  CHECK(sent_control(control_message(99, 77, 20, std::string(16, '\0'))) ==
        "msg_control=[{cmsg_len=20, cmsg_level=0x63 /* SOL_??? */, cmsg_type=0x4d}, ... /* 0x4018 */], "
        "msg_controllen=32");
}

TEST_CASE("a received message shows what was received") {
  msghdr before = header();
  before.msg_name = pointer(0x5000);
  before.msg_namelen = 128;
  msghdr after = before;
  after.msg_namelen = 0;
  CallBuilder call("recvmsg");
  call.arg(3).arg(header_at).arg(0);
  call.memory(header_at, bytes_of(before)).left(header_at, bytes_of(after));
  call.memory(vector_at, one_buffer()).left(vector_at, one_buffer()).left(data_at, "ab").ret(2);
  CHECK(call.text() ==
        R"(recvmsg(3, {msg_name=0x5000, msg_namelen=128 => 0, msg_iov=[{iov_base="ab", iov_len=3}], )"
        "msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 2");
}

TEST_CASE("a failed recvmsg() says only how much room there was for a name") {
  msghdr before = header();
  before.msg_namelen = 128;
  CHECK(CallBuilder("recvmsg").arg(3).in(bytes_of(before)).arg(MSG_DONTWAIT).ret(-EAGAIN).text() ==
        "recvmsg(3, {msg_namelen=128}, MSG_DONTWAIT) = -1 EAGAIN (Resource temporarily unavailable)");
  CHECK(CallBuilder("recvmsg").arg(3).arg(8).arg(0).ret(-EFAULT).text() ==
        "recvmsg(3, 0x8, 0) = -1 EFAULT (Bad address)");
}

TEST_CASE("several messages in one call") {
  mmsghdr messages[2]{};
  messages[0].msg_hdr = messages[1].msg_hdr = header();
  messages[0].msg_len = messages[1].msg_len = 3;
  CallBuilder call("sendmmsg");
  call.arg(3).inout(bytes_of(messages), bytes_of(messages)).arg(2).arg(0);
  call.memory(vector_at, one_buffer()).memory(data_at, "abc").ret(1);
  CHECK(
      call.text() ==
      R"(sendmmsg(3, [{msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="abc", iov_len=3}], msg_iovlen=1, )"
      "msg_controllen=0, msg_flags=0}, msg_len=3}], 2, 0) = 1");
}

TEST_CASE("socket options") {
  const auto set = [](std::uint64_t level, std::uint64_t name, std::string_view bytes) {
    return CallBuilder("setsockopt").arg(3).arg(level).arg(name).in(bytes).arg(bytes.size()).ret(0).text();
  };
  CHECK(set(SOL_SOCKET, SO_REUSEADDR, bytes_of(1)) == "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
  CHECK(set(SOL_SOCKET, SO_KEEPALIVE, bytes_of(1L)) == "setsockopt(3, SOL_SOCKET, SO_KEEPALIVE, [1], 8) = 0");
  CHECK(set(SOL_SOCKET, SO_KEEPALIVE, "\1") == "setsockopt(3, SOL_SOCKET, SO_KEEPALIVE, 0x10000, 1) = 0");
  CHECK(set(SOL_SOCKET, SO_LINGER, bytes_of(linger{1, 5})) ==
        "setsockopt(3, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=5}, 8) = 0");
  CHECK(set(IPPROTO_TCP, 1, bytes_of(1)) == "setsockopt(3, SOL_TCP, TCP_NODELAY, [1], 4) = 0");
  CHECK(set(IPPROTO_TCP, 13, "cubic") == R"(setsockopt(3, SOL_TCP, TCP_CONGESTION, "cubic", 5) = 0)");
  CHECK(set(IPPROTO_IP, IP_MULTICAST_TTL, "\1") == R"(setsockopt(3, SOL_IP, IP_MULTICAST_TTL, "\1", 1) = 0)");
  CHECK(set(77, 88, bytes_of(1)) == "setsockopt(3, 0x4d /* SOL_?? */, 88, [1], 4) = 0");
  const auto got = [](std::uint64_t name, std::string_view bytes, int room) {
    const int length = static_cast<int>(bytes.size());
    return CallBuilder("getsockopt")
        .arg(3)
        .arg(SOL_SOCKET)
        .arg(name)
        .out(bytes)
        .inout(bytes_of(room), bytes_of(length))
        .ret(0)
        .text();
  };
  CHECK(got(SO_ERROR, bytes_of(ECONNREFUSED), 4) ==
        "getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0");
  CHECK(got(SO_ERROR, bytes_of(0), 4) == "getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0");
  CHECK(got(SO_RCVBUF, bytes_of(131072), 8) ==
        "getsockopt(3, SOL_SOCKET, SO_RCVBUF, [131072], [8 => 4]) = 0");
  CHECK(got(SO_PEERCRED, bytes_of(ucred{5, 0, 0}), 12) ==
        "getsockopt(3, SOL_SOCKET, SO_PEERCRED, {pid=5, uid=0, gid=0}, [12]) = 0");
}

}  // namespace sonde::decode
