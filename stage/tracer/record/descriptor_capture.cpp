#include "sonde/record/descriptor_capture.hpp"

#include <array>
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fmt/format.h>

namespace sonde::record {

using event::SegmentKind;

void DescriptorCapture::entry(TaskId task, const ptrace::SyscallEntry& call, const syscall::Row& row,
                              FrameBuffer& frame) {
  for (unsigned i = 0; i < row.argument_count; ++i) {
    const syscall::Argument& argument = row.arguments[i];
    if (argument.kind == syscall::Kind::fd || argument.kind == syscall::Kind::dirfd) {
      descriptor(task, static_cast<std::int32_t>(call.args[argument.reg]), frame);
    }
  }
}

void DescriptorCapture::exit(TaskId task, const ptrace::SyscallResult& result, const syscall::Row& row,
                             FrameBuffer& frame) {
  if (!result.failed && row.returns == syscall::Kind::fd) {
    descriptor(task, static_cast<std::int32_t>(result.ret), frame);
  }
}

void DescriptorCapture::descriptor(TaskId task, std::int32_t fd, FrameBuffer& frame) {
  if (fd < 0 && fd != AT_FDCWD) return;
  std::array<char, 64> link{};
  if (fd == AT_FDCWD) {
    fmt::format_to_n(link.data(), link.size() - 1, "/proc/{}/cwd", task.tid);
  } else {
    fmt::format_to_n(link.data(), link.size() - 1, "/proc/{}/fd/{}", task.tid, fd);
  }
  std::array<char, limits::path_bytes> buffer;
  const ssize_t n = ::readlink(link.data(), buffer.data(), buffer.size());
  if (n <= 0) return;
  const std::string_view target(buffer.data(), static_cast<std::size_t>(n));
  const bool hidden = options_.redact_paths && target.front() == '/';
  const auto number = static_cast<std::uint64_t>(static_cast<std::int64_t>(fd));
  frame.segment(number, SegmentKind::fd_path, hidden ? Bytes() : std::as_bytes(std::span(target)), hidden);
  if (!options_.fd_details || hidden) return;
  const std::string detail = describe(task, link.data(), target);
  if (!detail.empty()) frame.segment(number, SegmentKind::fd_detail, std::as_bytes(std::span(detail)));
}

// What -yy tells beyond the path: the ends of a socket, a device's numbers.
std::string DescriptorCapture::describe(TaskId task, const char* link, std::string_view target) {
  constexpr std::string_view socket = "socket:[";
  if (target.starts_with(socket)) {
    std::uint64_t inode = 0;
    std::from_chars(target.data() + socket.size(), target.data() + target.size(), inode);
    std::string text = sockets_.describe(task.tid, link, inode);
    // A Unix socket's name is a path.
    return options_.redact_paths && text.find('"') != std::string::npos ? std::string() : text;
  }
  struct stat st;
  if (!target.starts_with('/') || ::stat(link, &st) != 0) return {};
  if (S_ISCHR(st.st_mode)) return fmt::format("<char {}:{}>", major(st.st_rdev), minor(st.st_rdev));
  if (S_ISBLK(st.st_mode)) return fmt::format("<block {}:{}>", major(st.st_rdev), minor(st.st_rdev));
  return {};
}

}  // namespace sonde::record
