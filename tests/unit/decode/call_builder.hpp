// Makes up calls for tests: arguments, memory before and after, a result; and prints them as strace would.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "sonde/decode/render.hpp"
#include "sonde/decode/text_writer.hpp"

namespace sonde::decode {

class CallBuilder {
 public:
  explicit CallBuilder(std::string_view name, Abi abi = Abi::x86_64) : abi_(abi) {
    const syscall::Row* row = syscall::find(abi, name);
    REQUIRE_MESSAGE(row != nullptr, "no such call: ", std::string(name));
    nr_ = row->nr;
  }

  // The next argument.
  CallBuilder& arg(std::uint64_t value) {
    REQUIRE(count_ < args_.size());
    args_[count_++] = value;
    return *this;
  }
  // The next argument points to these bytes, as they are before the call and as the call leaves them.
  CallBuilder& in(std::string_view bytes, event::SegmentKind kind = event::SegmentKind::memory) {
    put(entered_, next_, kind, bytes);
    return pointer();
  }
  CallBuilder& path(std::string_view name) {
    put(entered_, next_, event::SegmentKind::path, std::string(name) + '\0');
    return pointer();
  }
  CallBuilder& out(std::string_view bytes) {
    put(left_, next_, event::SegmentKind::memory, bytes);
    return pointer();
  }
  CallBuilder& inout(std::string_view before, std::string_view after) {
    put(entered_, next_, event::SegmentKind::memory, before);
    put(left_, next_, event::SegmentKind::memory, after);
    return pointer();
  }
  // Memory that no argument points to by itself.
  CallBuilder& memory(std::uint64_t address, std::string_view bytes) {
    put(entered_, address, event::SegmentKind::memory, bytes);
    return *this;
  }
  CallBuilder& left(std::uint64_t address, std::string_view bytes) {
    put(left_, address, event::SegmentKind::memory, bytes);
    return *this;
  }
  CallBuilder& fd_path(int fd, std::string_view target) {
    put(entered_, static_cast<std::uint64_t>(fd), event::SegmentKind::fd_path, target);
    return *this;
  }
  CallBuilder& new_fd_path(int fd, std::string_view target) {
    put(left_, static_cast<std::uint64_t>(fd), event::SegmentKind::fd_path, target);
    return *this;
  }
  CallBuilder& fd_detail(int fd, std::string_view detail) {
    put(entered_, static_cast<std::uint64_t>(fd), event::SegmentKind::fd_detail, detail);
    return *this;
  }
  // The descriptor is a netlink socket of that family.
  CallBuilder& netlink(int fd, int family) {
    put(entered_, static_cast<std::uint64_t>(fd), event::SegmentKind::fd_protocol,
        {reinterpret_cast<const char*>(&family), sizeof family});
    return *this;
  }
  CallBuilder& redacted(std::uint64_t address) {
    put(entered_, address, event::SegmentKind::data, {}, event::segment_redacted);
    args_[count_++] = address;
    return *this;
  }

  CallBuilder& ret(std::int64_t value) {
    ret_ = value;
    exited_ = true;
    return *this;
  }

  Style style;

  // The call as strace prints it: "close(3) = 0". What is not shown is left out; without a result, so is " =
  // ...".
  std::string text() const {
    const Call call = made();
    std::string line(call.row->name);
    TextWriter writer(line, style.hex_strings);
    line += '(';
    bool first = true;
    for (unsigned i = 0; i < call.row->argument_count; ++i) {
      if (!argument_shown(call, i)) continue;
      if (!std::exchange(first, false)) line += ", ";
      render_argument(call, i, style, writer);
    }
    line += ')';
    if (exited_) {
      line += " = ";
      render_result(call, style, writer);
    }
    return line;
  }

  // Valid as long as the builder is and nothing is added to it.
  Call made() const {
    Call call{{1, 1},      abi_, nr_, syscall::resolve(abi_, nr_, args_), args_, 0, 0, snapshot(entered_),
              std::nullopt};
    if (exited_) {
      const bool failed = ret_ < 0 && ret_ >= -4095;
      call.exit = CallExit{0, ret_, failed, snapshot(left_)};
    }
    return call;
  }

 private:
  using Encoded = std::vector<std::byte>;

  static event::Snapshot snapshot(const Encoded& bytes) { return event::Snapshot(Bytes(bytes)); }

  static void put(Encoded& into, std::uint64_t address, event::SegmentKind kind, std::string_view bytes,
                  std::uint16_t flags = 0) {
    const event::SegmentHeader header{address, static_cast<std::uint32_t>(bytes.size()), kind, flags};
    const std::size_t at = into.size();
    into.resize(at + sizeof header + event::align8(bytes.size()));
    std::memcpy(into.data() + at, &header, sizeof header);
    if (!bytes.empty()) std::memcpy(into.data() + at + sizeof header, bytes.data(), bytes.size());
  }

  CallBuilder& pointer() {
    arg(next_);
    next_ += 0x10000;
    return *this;
  }

  Abi abi_;
  std::uint32_t nr_ = 0;
  std::array<std::uint64_t, syscall::max_arguments> args_{};
  std::size_t count_ = 0;
  std::uint64_t next_ = 0x10000;  // Where the next pointer points to: 0x10000, 0x20000 ...
  Encoded entered_;
  Encoded left_;
  std::int64_t ret_ = 0;
  bool exited_ = false;
};

// An object's bytes, or several objects' one after another.
template <typename... T>
std::string bytes_of(const T&... objects) {
  std::string bytes;
  (bytes.append(reinterpret_cast<const char*>(&objects), sizeof objects), ...);
  return bytes;
}

}  // namespace sonde::decode
