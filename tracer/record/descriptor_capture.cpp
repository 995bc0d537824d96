#include "sonde/record/descriptor_capture.hpp"

#include <array>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fmt/format.h>

#include "sonde/record/memory_descriptors.hpp"

namespace sonde::record {

using event::SegmentKind;

namespace {

// A descriptor's entry in /proc: what the process works in, for AT_FDCWD.
class Link {
 public:
  Link(TaskId task, std::int32_t fd) {
    if (fd == AT_FDCWD) {
      fmt::format_to_n(path_.data(), path_.size() - 1, "/proc/{}/cwd", task.tid);
    } else {
      fmt::format_to_n(path_.data(), path_.size() - 1, "/proc/{}/fd/{}", task.tid, fd);
    }
  }
  const char* path() const { return path_.data(); }
  // Empty when there is no such descriptor. Valid as long as the link is.
  std::string_view target() {
    const ssize_t n = ::readlink(path_.data(), target_.data(), target_.size());
    return {target_.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
  }

 private:
  std::array<char, 64> path_{};
  std::array<char, limits::path_bytes> target_;
};

// The inode in "socket:[123]"; empty for anything else.
std::optional<std::uint64_t> socket_inode(std::string_view target) {
  constexpr std::string_view socket = "socket:[";
  if (!target.starts_with(socket)) return std::nullopt;
  std::uint64_t inode = 0;
  std::from_chars(target.data() + socket.size(), target.data() + target.size(), inode);
  return inode;
}

// Which process a pidfd stands for, as its fdinfo says: a number, -1 once it has ended.
std::string pidfd_detail(TaskId task, std::int32_t fd) {
  constexpr std::string_view key = "Pid:\t";
  std::ifstream lines(fmt::format("/proc/{}/fdinfo/{}", task.tid, fd));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key)) return "pid:" + line.substr(key.size());
  }
  return {};
}

std::string device_detail(const char* link) {
  struct stat st;
  if (::stat(link, &st) != 0) return {};
  if (S_ISCHR(st.st_mode)) return fmt::format("char {}:{}", major(st.st_rdev), minor(st.st_rdev));
  if (S_ISBLK(st.st_mode)) return fmt::format("block {}:{}", major(st.st_rdev), minor(st.st_rdev));
  return {};
}

bool is_descriptor(syscall::Kind kind) {
  return kind == syscall::Kind::fd || kind == syscall::Kind::dirfd || kind == syscall::Kind::fanotify_dirfd;
}

std::uint64_t address_of(std::int32_t fd) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(fd));
}

}  // namespace

void DescriptorCapture::entry(TaskId task, const ptrace::SyscallEntry& call, const syscall::Row& row,
                              FrameBuffer& frame) {
  if (!options_.fd_paths) return;
  const event::Snapshot memory = frame.captured();
  const std::size_t shown = options_.verbose ? limits::array_elements : options_.string_limit;
  for (unsigned i = 0; i < row.argument_count; ++i) {
    const syscall::Argument& argument = row.arguments[i];
    if (is_descriptor(argument.kind)) {
      descriptor(task, static_cast<std::int32_t>(call.args[argument.reg]), frame);
    } else {
      find_descriptors(call, argument, memory, shown, [&](std::int32_t fd) { descriptor(task, fd, frame); });
    }
  }
}

void DescriptorCapture::exit(TaskId task, const ptrace::SyscallEntry& call,
                             const ptrace::SyscallResult& result, const syscall::Row& row,
                             FrameBuffer& frame) {
  if (!options_.fd_paths || result.failed) return;
  if (row.returns == syscall::Kind::fd) descriptor(task, static_cast<std::int32_t>(result.ret), frame);
  const event::Snapshot memory = frame.captured();
  for (unsigned i = 0; i < row.argument_count; ++i) {
    const syscall::Argument& argument = row.arguments[i];
    const syscall::Direction direction = syscall::spec(argument.kind).direction;
    if (direction != syscall::Direction::out && direction != syscall::Direction::update) continue;
    find_descriptors(call, argument, memory, limits::array_elements,
                     [&](std::int32_t fd) { descriptor(task, fd, frame); });
  }
}

void DescriptorCapture::descriptor(TaskId task, std::int32_t fd, FrameBuffer& frame) {
  if ((fd < 0 && fd != AT_FDCWD) || frame.captured().fd_path(fd)) return;
  Link link(task, fd);
  const std::string_view target = link.target();
  if (target.empty()) return;
  const bool hidden = options_.redact_paths && target.front() == '/';
  frame.segment(address_of(fd), SegmentKind::fd_path, hidden ? Bytes() : std::as_bytes(std::span(target)),
                hidden);
  if (options_.fd_details) detail(task, fd, link.path(), target, frame);
}

// What -yy tells beyond the path.
void DescriptorCapture::detail(TaskId task, std::int32_t fd, const char* link, std::string_view target,
                               FrameBuffer& frame) {
  const auto put = [&](SegmentKind kind, std::string_view text) {
    if (!text.empty()) frame.segment(address_of(fd), kind, std::as_bytes(std::span(text)));
  };
  if (const auto inode = socket_inode(target)) {
    const process::SocketName name = sockets_.describe(task.tid, link, *inode);
    put(SegmentKind::fd_detail, name.detail);
    if (!options_.redact_paths) put(SegmentKind::fd_socket_name, name.bound);
  } else if (target == "anon_inode:[pidfd]") {
    put(SegmentKind::fd_detail, pidfd_detail(task, fd));
  } else if (target.starts_with('/')) {
    put(SegmentKind::fd_detail, device_detail(link));
  }
}

void DescriptorCapture::netlink(TaskId task, std::int32_t fd, FrameBuffer& frame) {
  if (fd < 0) return;
  Link link(task, fd);
  const auto inode = socket_inode(link.target());
  if (!inode) return;
  const auto protocol = sockets_.netlink_protocol(task.tid, link.path(), *inode);
  if (protocol)
    frame.segment(address_of(fd), SegmentKind::fd_protocol, std::as_bytes(std::span(&*protocol, 1)));
}

}  // namespace sonde::record
