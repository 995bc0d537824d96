#include "sonde/record/memory_descriptors.hpp"

#include <algorithm>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>

#include "sonde/base/limits.hpp"
#include "sonde/event/frame.hpp"
#include "sonde/record/message_layout.hpp"

namespace sonde::record {

namespace {

using syscall::Kind;

constexpr std::uint64_t parent_fd_of_path_beneath =
    8;                                        // landlock_path_beneath_attr: a u64, then the descriptor.
constexpr std::uint64_t fd_of_mmap_args = 4;  // The fifth of i386 mmap's words.

class Finder {
 public:
  Finder(const ptrace::SyscallEntry& call, const event::Snapshot& memory, std::size_t most,
         const std::function<void(std::int32_t)>& found)
      : call_(call), memory_(memory), most_(most), found_(found) {}

  void argument(Kind kind, Address at, unsigned reg);

 private:
  std::size_t word() const { return word_size(call_.abi); }
  std::uint64_t next(unsigned reg) const {
    return reg + 1 < syscall::max_arguments ? call_.args[reg + 1] : 0;
  }

  template <typename T>
  std::optional<T> load(Address at) const {
    T object;
    if (memory_.read(at, std::as_writable_bytes(std::span(&object, 1))) != sizeof object) return std::nullopt;
    return object;
  }
  std::uint64_t load_word(Address at) const {
    std::uint64_t value = 0;
    memory_.read(at, std::as_writable_bytes(std::span(&value, 1)).first(word()));
    return value;
  }
  void one(Address at) {
    if (const auto fd = load<std::int32_t>(at)) found_(*fd);
  }
  // The int at `offset` of each of `count` elements of `size` bytes.
  void each(Address array, std::uint64_t count, std::size_t size, std::size_t offset) {
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, most_); ++i)
      one(array + (i * size + offset));
  }

  void set(Address at, std::uint64_t bits);
  void control_block(Address at);
  void new_process(Address at);
  void control_blocks(Address array, std::uint64_t count);
  void header(Address at);
  void control(Address at, std::uint64_t length);

  const ptrace::SyscallEntry& call_;
  const event::Snapshot& memory_;
  std::size_t most_;
  const std::function<void(std::int32_t)>& found_;
};

void Finder::set(Address at, std::uint64_t bits) {
  bits = std::min<std::uint64_t>(bits, limits::struct_bytes * 8);
  std::size_t seen = 0;
  for (std::uint64_t fd = 0; fd < bits && seen < limits::array_elements; ++fd) {
    const auto byte = load<unsigned char>(at + fd / 8);
    if (!byte) return;
    if ((*byte >> (fd % 8) & 1) == 0) continue;
    found_(static_cast<std::int32_t>(fd));
    ++seen;
  }
}

void Finder::control_block(Address at) {
  one(at + offsetof(iocb, aio_fildes));
  const auto flags = load<std::uint32_t>(at + offsetof(iocb, aio_flags));
  if (flags && (*flags & IOCB_FLAG_RESFD) != 0) one(at + offsetof(iocb, aio_resfd));
}

void Finder::control_blocks(Address array, std::uint64_t count) {
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, most_); ++i) {
    const std::uint64_t block = load_word(array + i * word());
    if (block != 0) control_block({block});
  }
}

// The group that the child is born into, and what it is known by, once it is.
void Finder::new_process(Address at) {
  const auto flags = load<std::uint64_t>(at + offsetof(clone_args, flags)).value_or(0);
  if ((flags & CLONE_INTO_CGROUP) != 0) one(at + offsetof(clone_args, cgroup));
  if ((flags & CLONE_PIDFD) != 0) one({load<std::uint64_t>(at + offsetof(clone_args, pidfd)).value_or(0)});
}

void Finder::header(Address at) {
  const MsghdrLayout& layout = msghdr_layout(call_.abi);
  control({load_word(at + layout.control)}, load_word(at + layout.control_length));
}

// A control message is a long, two ints and its payload, aligned to a long.
void Finder::control(Address at, std::uint64_t length) {
  const std::size_t head = word() + 2 * sizeof(std::int32_t);
  length = std::min<std::uint64_t>(length, limits::struct_bytes);
  for (std::uint64_t offset = 0; length - offset >= head;) {
    const std::uint64_t size = std::min(load_word(at + offset), length - offset);
    if (size < head) return;
    const auto level = load<std::int32_t>(at + (offset + word()));
    const auto type = load<std::int32_t>(at + (offset + word() + sizeof(std::int32_t)));
    if (level == SOL_SOCKET && type == SCM_RIGHTS) {
      each(at + (offset + head), (size - head) / sizeof(std::int32_t), sizeof(std::int32_t), 0);
    }
    const std::uint64_t step = (size + word() - 1) / word() * word();
    if (step >= length - offset) return;
    offset += step;
  }
}

void Finder::argument(Kind kind, Address at, unsigned reg) {
  constexpr std::size_t descriptor = sizeof(std::int32_t);
  switch (kind) {
    case Kind::fd_in:
    case Kind::fd_out:
      return one(at);
    case Kind::fd_pair_out:
      return each(at, 2, descriptor, 0);
    case Kind::fd_list_in:
      return each(at, next(reg), descriptor, 0);
    case Kind::pollfd_inout:
      return each(at, next(reg) & UINT32_MAX, sizeof(pollfd), offsetof(pollfd, fd));
    case Kind::fd_set_inout:
      return set(at, static_cast<std::uint64_t>(std::max(static_cast<std::int32_t>(call_.args[0]), 0)));
    case Kind::iocb_in:
      return control_block(at);
    case Kind::iocbs_in:
      return control_blocks(at, reg > 0 ? call_.args[reg - 1] : 0);
    case Kind::io_uring_params_update:
      return one(at + offsetof(io_uring_params, wq_fd));
    case Kind::file_clone_range_in:
      return one(at + offsetof(file_clone_range, src_fd));
    case Kind::dedupe_range_update:
      return each(at + (sizeof(file_dedupe_range) + offsetof(file_dedupe_range_info, dest_fd)),
                  load<std::uint16_t>(at + offsetof(file_dedupe_range, dest_count)).value_or(0),
                  sizeof(file_dedupe_range_info), 0);
    case Kind::io_uring_files_update_in:
      return each({load<std::uint64_t>(at + offsetof(io_uring_files_update, fds)).value_or(0)},
                  next(reg) & UINT32_MAX, descriptor, 0);
    case Kind::clone_args_update:
      return new_process(at);
    case Kind::landlock_path_beneath_in:
      return one(at + parent_fd_of_path_beneath);
    case Kind::mmap_args_in:
      return one(at + fd_of_mmap_args * word());
    case Kind::msghdr_in:
    case Kind::msghdr_out:
      return header(at);
    case Kind::mmsghdr_in:
    case Kind::mmsghdr_out:
      for (std::uint64_t i = 0; i < std::min<std::uint64_t>(next(reg) & UINT32_MAX, most_); ++i) {
        header(at + i * msghdr_layout(call_.abi).mmsghdr_size);
      }
      return;
    default:
      return;
  }
}

}  // namespace

void find_descriptors(const ptrace::SyscallEntry& call, const syscall::Argument& argument,
                      const event::Snapshot& memory, std::size_t most,
                      const std::function<void(std::int32_t)>& found) {
  const std::uint64_t raw = call.args[argument.reg];
  const Address at{word_size(call.abi) == 8 ? raw : raw & UINT32_MAX};
  if (at.value != 0) Finder(call, memory, most, found).argument(argument.kind, at, argument.reg);
}

}  // namespace sonde::record
