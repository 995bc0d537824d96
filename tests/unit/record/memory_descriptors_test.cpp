// Which descriptors are found in a call's memory.
#include "sonde/record/memory_descriptors.hpp"

#include <linux/aio_abi.h>
#include <poll.h>
#include <string>
#include <sys/select.h>
#include <sys/socket.h>
#include <vector>

#include <doctest/doctest.h>

#include "sonde/record/frame_buffer.hpp"

namespace sonde::record {

namespace {

constexpr std::uint64_t here = 0x1000;

class Memory {
 public:
  Memory() { frame_.begin(event::FrameType::syscall_exit, {1, 1}, 0); }
  template <typename T>
  Memory& put(std::uint64_t address, const T& object) {
    frame_.segment(address, event::SegmentKind::memory, std::as_bytes(std::span(&object, 1)));
    return *this;
  }
  std::vector<int> found(std::string_view call, unsigned argument, std::array<std::uint64_t, 6> args,
                         std::size_t most = 256, Abi abi = Abi::x86_64) const {
    ptrace::SyscallEntry entry{};
    entry.abi = abi;
    std::copy(args.begin(), args.end(), entry.args);
    std::vector<int> fds;
    find_descriptors(entry, syscall::find(abi, call)->arguments[argument], frame_.captured(), most,
                     [&](std::int32_t fd) { fds.push_back(fd); });
    return fds;
  }

 private:
  FrameBuffer frame_;
};

// A cmsghdr and its data.
struct ControlMessage {
  std::size_t length;
  int level, type;
  int fds[2];
};

}  // namespace

TEST_CASE("pairs, lists and poll's array") {
  const int pair[] = {3, 4};
  CHECK(Memory().put(here, pair).found("pipe2", 0, {here}) == std::vector{3, 4});
  CHECK(Memory().put(here, pair).found("pipe2", 0, {0}).empty());
  CHECK(Memory().found("pipe2", 0, {here}).empty());
  const pollfd polled[] = {{5, POLLIN, 0}, {-1, 0, 0}, {7, 0, 0}};
  CHECK(Memory().put(here, polled).found("poll", 0, {here, 3}) == std::vector{5, -1, 7});
  CHECK(Memory().put(here, polled).found("poll", 0, {here, 3}, 1) == std::vector{5});
  CHECK(Memory().put(here, polled).found("poll", 0, {here, ~0ull}) == std::vector{5, -1, 7});
}

TEST_CASE("the sets of select()") {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(0, &set);
  FD_SET(65, &set);
  CHECK(Memory().put(here, set).found("select", 1, {100, here}) == std::vector{0, 65});
  CHECK(Memory().put(here, set).found("select", 1, {65, here}) == std::vector{0});
  CHECK(Memory().put(here, set).found("select", 1, {~0ull, here}).empty());
}

TEST_CASE("control blocks of asynchronous I/O") {
  iocb block{};
  block.aio_fildes = 6;
  const std::uint64_t blocks[] = {0x2000, 0};
  CHECK(Memory().put(here, blocks).put(0x2000, block).found("io_submit", 2, {0, 2, here}) == std::vector{6});
  block.aio_flags = IOCB_FLAG_RESFD;
  block.aio_resfd = 8;
  CHECK(Memory().put(here, blocks).put(0x2000, block).found("io_submit", 2, {0, 2, here}) ==
        std::vector{6, 8});
}

TEST_CASE("descriptors that a message carries") {
  msghdr header{};
  header.msg_control = reinterpret_cast<void*>(0x2000);
  header.msg_controllen = sizeof(ControlMessage);
  ControlMessage message{CMSG_LEN(sizeof message.fds), SOL_SOCKET, SCM_RIGHTS, {3, 9}};
  const auto fds = [&] {
    return Memory().put(here, header).put(0x2000, message).found("sendmsg", 1, {1, here});
  };
  CHECK(fds() == std::vector{3, 9});
  message.length = ~std::size_t{0};
  CHECK(fds() == std::vector{3, 9});
  message.length = 3;
  CHECK(fds().empty());
  message.length = CMSG_LEN(sizeof message.fds);
  message.type = SCM_CREDENTIALS;
  CHECK(fds().empty());
  message.type = SCM_RIGHTS;
  header.msg_controllen = ~std::size_t{0};
  CHECK(fds() == std::vector{3, 9});
  header.msg_controllen = 5;
  CHECK(fds().empty());
}

}  // namespace sonde::record
