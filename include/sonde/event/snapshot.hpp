// A sparse copy of a tracee's memory that travels inside an event: the pieces that the system call's
// arguments point to. Rendering reads it as if it were the tracee.
#pragma once

#include <optional>
#include <string_view>

#include "sonde/base/memory_reader.hpp"
#include "sonde/event/frame.hpp"

namespace sonde::event {

struct Segment {
  Address address;
  SegmentKind kind;
  bool redacted;
  Bytes bytes;
};

// What a file descriptor refers to. Each part is empty when it was not captured.
struct FdTarget {
  std::string_view path = {};    // As /proc/PID/fd names it: "/etc/passwd", "socket:[123]".
  std::string_view detail = {};  // "TCP:[127.0.0.1:80->127.0.0.1:4242]", "char 1:3", "pid:17".
  std::string_view socket_name =
      {};  // A Unix socket's, as bind(2) was given it: a path, or a NUL and a name.

  bool empty() const { return path.empty() && detail.empty(); }
};

// A view; the frame that it was made from owns the bytes.
class Snapshot final : public MemoryReader {
 public:
  Snapshot() = default;
  // `encoded` is what follows a frame's fixed part. A malformed tail is ignored: what precedes it stays
  // readable.
  explicit Snapshot(Bytes encoded) : encoded_(encoded) {}

  std::size_t read(Address address, std::span<std::byte> into) const override;

  // The bytes captured from `address` on, all of the segment's rest; empty optional when `address` was not
  // captured. Only segments that hold memory are looked at.
  std::optional<Bytes> bytes_at(Address address) const;

  // True when what lies at `address` was left out on request (--redact).
  bool redacted(Address address) const;

  // What a file descriptor refers to, if that was captured.
  std::optional<std::string_view> fd_path(int fd) const;

  // All that was captured of it; empty when nothing was.
  std::optional<FdTarget> fd_target(int fd) const;

  // The NETLINK_* family of a netlink socket, where a message went through it that has the form of netlink's;
  // -1 when only that much is known of it that it is one.
  std::optional<int> netlink_protocol(int fd) const;

  // The id of the task's stack (see Stack); 0 when none was taken.
  std::uint32_t stack() const;

  // The name of an allocator's function that the user has named; empty where it was another's.
  std::string_view function() const;

  // Calls visit(const Segment&) for each segment in order until it returns false.
  template <typename Visit>
  void each(Visit visit) const {
    Bytes rest = encoded_;
    while (auto segment = take(rest)) {
      if (!visit(*segment)) return;
    }
  }

  Bytes encoded() const { return encoded_; }

 private:
  static std::optional<Segment> take(Bytes& rest);
  std::optional<std::string_view> text_of_fd(int fd, SegmentKind kind) const;
  Bytes encoded_;
};

}  // namespace sonde::event
