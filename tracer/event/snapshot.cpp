#include "sonde/event/snapshot.hpp"

#include <algorithm>
#include <cstring>

namespace sonde::event {

namespace {

bool holds_memory(SegmentKind kind) {
  switch (kind) {
    case SegmentKind::fd_path:
    case SegmentKind::fd_detail:
    case SegmentKind::fd_socket_name:
    case SegmentKind::fd_protocol:
    case SegmentKind::stack:
    case SegmentKind::mapping:
    case SegmentKind::message:
    case SegmentKind::function:
      return false;
    default:
      return true;
  }
}

}  // namespace

std::optional<Segment> Snapshot::take(Bytes& rest) {
  SegmentHeader header;
  if (rest.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, rest.data(), sizeof header);
  rest = rest.subspan(sizeof header);
  if (header.length > rest.size()) return std::nullopt;
  Segment segment{
      {header.address}, header.kind, (header.flags & segment_redacted) != 0, rest.first(header.length)};
  rest = rest.subspan(std::min(align8(header.length), rest.size()));
  return segment;
}

std::optional<Bytes> Snapshot::bytes_at(Address address) const {
  std::optional<Bytes> found;
  each([&](const Segment& segment) {
    if (!holds_memory(segment.kind) || segment.redacted) return true;
    const std::uint64_t offset = address.value - segment.address.value;
    if (address < segment.address || offset >= segment.bytes.size()) return true;
    found = segment.bytes.subspan(offset);
    return false;
  });
  return found;
}

std::size_t Snapshot::read(Address address, std::span<std::byte> into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const auto bytes = bytes_at(address + done);
    if (!bytes) break;
    const std::size_t n = std::min(bytes->size(), into.size() - done);
    std::memcpy(into.data() + done, bytes->data(), n);
    done += n;
  }
  return done;
}

bool Snapshot::redacted(Address address) const {
  bool found = false;
  each([&](const Segment& segment) {
    found = segment.redacted && holds_memory(segment.kind) && segment.address == address;
    return !found;
  });
  return found;
}

std::optional<std::string_view> Snapshot::fd_path(int fd) const {
  return text_of_fd(fd, SegmentKind::fd_path);
}

std::optional<FdTarget> Snapshot::fd_target(int fd) const {
  const auto path = text_of_fd(fd, SegmentKind::fd_path);
  if (!path) return std::nullopt;
  return FdTarget{*path, text_of_fd(fd, SegmentKind::fd_detail).value_or(std::string_view()),
                  text_of_fd(fd, SegmentKind::fd_socket_name).value_or(std::string_view())};
}

std::optional<int> Snapshot::netlink_protocol(int fd) const {
  const auto bytes = text_of_fd(fd, SegmentKind::fd_protocol);
  std::int32_t protocol;
  if (!bytes || bytes->size() != sizeof protocol) return std::nullopt;
  std::memcpy(&protocol, bytes->data(), sizeof protocol);
  return protocol;
}

std::uint32_t Snapshot::stack() const {
  std::uint32_t id = 0;
  each([&](const Segment& segment) {
    if (segment.kind == SegmentKind::stack) id = static_cast<std::uint32_t>(segment.address.value);
    return id == 0;
  });
  return id;
}

std::string_view Snapshot::function() const {
  std::string_view name;
  each([&](const Segment& segment) {
    if (segment.kind != SegmentKind::function) return true;
    name = {reinterpret_cast<const char*>(segment.bytes.data()), segment.bytes.size()};
    return false;
  });
  return name.substr(0, name.find('\0'));
}

std::optional<std::string_view> Snapshot::text_of_fd(int fd, SegmentKind kind) const {
  std::optional<std::string_view> found;
  each([&](const Segment& segment) {
    if (segment.kind != kind || segment.address.value != static_cast<std::uint64_t>(fd)) return true;
    found = std::string_view(reinterpret_cast<const char*>(segment.bytes.data()), segment.bytes.size());
    return false;
  });
  return found;
}

}  // namespace sonde::event
