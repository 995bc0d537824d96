// Expected lines are what strace 6.1 prints for the same calls.
#include <poll.h>
#include <sys/epoll.h>

#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

std::string pollfd_bytes(int fd, short events, short revents) {
  return bytes_of(pollfd{fd, events, revents});
}

}  // namespace

TEST_CASE("poll shows what was asked for and what was found") {
  CallBuilder call("poll");
  call.inout(pollfd_bytes(3, POLLIN, 0) + pollfd_bytes(-1, POLLIN, 0) +
                 pollfd_bytes(5, POLLIN | POLLPRI | 0x4000, 7),
             pollfd_bytes(3, POLLIN, POLLIN) + pollfd_bytes(-1, POLLIN, 0) + pollfd_bytes(5, POLLIN, 0));
  call.arg(3).arg(static_cast<std::uint64_t>(-1)).ret(1);
  CHECK(call.text() ==
        "poll([{fd=3, events=POLLIN}, {fd=-1}, {fd=5, events=POLLIN|POLLPRI|0x4000}], 3, -1) "
        "= 1 ([{fd=3, revents=POLLIN}])");
  CHECK(CallBuilder("poll")
            .inout(pollfd_bytes(3, POLLIN, 0), pollfd_bytes(3, POLLIN, 0))
            .arg(1)
            .arg(0)
            .ret(0)
            .text() == "poll([{fd=3, events=POLLIN}], 1, 0) = 0 (Timeout)");
  CHECK(CallBuilder("poll").arg(0).arg(0).arg(1).ret(0).text() == "poll(NULL, 0, 1) = 0 (Timeout)");
  CHECK(CallBuilder("poll").arg(8).arg(1).arg(1).ret(-EFAULT).text() ==
        "poll(0x8, 1, 1) = -1 EFAULT (Bad address)");
  CHECK(CallBuilder("poll").in(pollfd_bytes(3, POLLIN, 0)).arg(2).arg(5).ret(-EFAULT).text() ==
        "poll([{fd=3, events=POLLIN}, ... /* 0x10008 */], 2, 5) = -1 EFAULT (Bad address)");
}

TEST_CASE("poll's lists are cut at the string limit") {
  CallBuilder call("poll");
  const std::string before =
      pollfd_bytes(0, POLLIN, 0) + pollfd_bytes(1, POLLIN, 0) + pollfd_bytes(2, POLLIN, 0);
  const std::string after =
      pollfd_bytes(0, POLLIN, 1) + pollfd_bytes(1, POLLIN, 1) + pollfd_bytes(2, POLLIN, 1);
  call.inout(before, after).arg(3).arg(0).ret(3);
  call.style.string_limit = 2;
  CHECK(call.text() ==
        "poll([{fd=0, events=POLLIN}, {fd=1, events=POLLIN}, ...], 3, 0) "
        "= 3 ([{fd=0, revents=POLLIN}, {fd=1, revents=POLLIN}, ...])");
}

TEST_CASE("select") {
  const auto set = [](std::uint64_t bits) { return bytes_of(bits); };
  CallBuilder call("select");
  call.arg(20).inout(set(0b101000), set(0b1000)).inout(set(0b10000), set(0b10000)).inout(set(1), set(0));
  call.inout(bytes_of(1l, 5l), bytes_of(1l, 1l)).ret(2);
  CHECK(
      call.text() ==
      "select(20, [3 5], [4], [0], {tv_sec=1, tv_usec=5}) = 2 (in [3], out [4], left {tv_sec=1, tv_usec=1})");
  CHECK(CallBuilder("select").arg(20).inout(set(32), set(0)).arg(0).arg(0).arg(0).ret(0).text() ==
        "select(20, [5], NULL, NULL, NULL) = 0 (Timeout)");
  CHECK(CallBuilder("select").arg(20).arg(8).arg(0).arg(0).arg(0).ret(-EFAULT).text() ==
        "select(20, 0x8, NULL, NULL, NULL) = -1 EFAULT (Bad address)");
  CHECK(CallBuilder("select").arg(UINT64_MAX).in(set(8)).arg(0).arg(0).arg(0).ret(-EINVAL).text() ==
        "select(-1, 0x10000, NULL, NULL, NULL) = -1 EINVAL (Invalid argument)");
  SUBCASE("bits beyond the count that was given are not shown") {
    CHECK(CallBuilder("select").arg(3).in(set(0xff)).arg(0).arg(0).arg(0).ret(-EBADF).text() ==
          "select(3, [0 1 2], NULL, NULL, NULL) = -1 EBADF (Bad file descriptor)");
  }
  SUBCASE("a set captured in part is an address") {
    CHECK(CallBuilder("select").arg(65).in(set(1)).arg(0).arg(0).arg(0).ret(-EFAULT).text() ==
          "select(65, 0x10000, NULL, NULL, NULL) = -1 EFAULT (Bad address)");
  }
}

TEST_CASE("epoll") {
  epoll_event event = {EPOLLIN | EPOLLET | EPOLLONESHOT, {.u64 = 0x123456789abcdef}};
  const auto control = [&](std::uint64_t operation) {
    return CallBuilder("epoll_ctl").arg(7).arg(operation).arg(3).in(bytes_of(event)).ret(0).text();
  };
  CHECK(control(EPOLL_CTL_ADD) ==
        "epoll_ctl(7, EPOLL_CTL_ADD, 3, {events=EPOLLIN|EPOLLONESHOT|EPOLLET, "
        "data={u32=2309737967, u64=81985529216486895}}) = 0");
  CHECK(control(EPOLL_CTL_DEL) == "epoll_ctl(7, EPOLL_CTL_DEL, 3, 0x10000) = 0");
  event = {EPOLLOUT, {.u64 = 3}};
  CHECK(control(9) == "epoll_ctl(7, 0x9 /* EPOLL_CTL_??? */, 3, {events=EPOLLOUT, data={u32=3, u64=3}}) = 0");
  CHECK(CallBuilder("epoll_wait").arg(7).out(bytes_of(event)).arg(40).arg(5).ret(1).text() ==
        "epoll_wait(7, [{events=EPOLLOUT, data={u32=3, u64=3}}], 40, 5) = 1");
  CHECK(CallBuilder("epoll_wait").arg(7).arg(0x9000).arg(40).arg(5).ret(0).text() ==
        "epoll_wait(7, [], 40, 5) = 0");
  CHECK(CallBuilder("epoll_wait").arg(7).arg(0x9000).arg(40).arg(5).ret(-EINVAL).text() ==
        "epoll_wait(7, 0x9000, 40, 5) = -1 EINVAL (Invalid argument)");
}

}  // namespace sonde::decode
