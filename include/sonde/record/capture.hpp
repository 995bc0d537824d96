// Copies what a system call's arguments point to, as the kinds of its table row say, into an event's
// snapshot.
#pragma once

#include <array>
#include <memory>

#include "sonde/base/types.hpp"
#include "sonde/memory/process_memory.hpp"
#include "sonde/ptrace/requests.hpp"
#include "sonde/record/frame_buffer.hpp"
#include "sonde/record/options.hpp"
#include "sonde/record/redaction.hpp"
#include "sonde/syscall/table.hpp"

namespace sonde::record {

// The task must be stopped at the call's entry or exit. Everything is bounded by base/limits.hpp and by the
// string limit; what cannot be read is left out. Allocates nothing once made.
class Capture {
 public:
  explicit Capture(const Options& options);

  // Appends the snapshot of what the call is given (Direction::in and inout).
  void entry(TaskId task, const ptrace::SyscallEntry& call, const syscall::Row& row, FrameBuffer& frame);
  // Appends the snapshot of what the call has filled (Direction::out and inout).
  void exit(TaskId task, const ptrace::SyscallEntry& call, const ptrace::SyscallResult& result,
            const syscall::Row& row, FrameBuffer& frame);

  // Whether what the last call sent or received looked like a netlink message.
  bool netlink_like() const { return netlink_like_; }

 private:
  // What a piece's bytes lead to.
  enum class Leads : std::uint8_t {
    nowhere,
    strings,
    iovec,
    message_iovec,  // One whose buffers go through a socket.
    message,        // A buffer that does: to the rest of it, if it is a netlink message.
    msghdr,
    mmsghdr,
    pointees,
    control_block,  // An iocb.
    sigset,
    structure,  // By the argument's kind: see follow_structure().
  };

  struct Item {
    Address address;
    std::size_t size = 0;  // Bytes to read at first.
    std::size_t limit =
        0;  // Of a string or a message: bytes to read at most. Of pointees: behind each pointer.
    std::uint64_t budget = 0;  // Bytes of data that buffers found through it may hold together.
    event::SegmentKind kind = event::SegmentKind::memory;
    Leads leads = Leads::nowhere;
    bool is_string = false;
    std::optional<Secret> secret = {};  // Empty: what its kind says.
  };

  struct Call;

  void collect(const Call& call, FrameBuffer& frame);
  void plan(const Call& call, unsigned index);
  void plan_pointed(const Call& call, const syscall::KindSpec& spec, Address address, unsigned index);
  std::uint64_t length_of(const Call& call, syscall::Length length, unsigned reg);
  static Leads leads_of(syscall::Kind kind);
  static syscall::Kind kind_at(const Call& call, Address address);
  void add(Item item);
  // `length` bytes of data as far as they are shown; all of them where they are a netlink `message`.
  void add_data(Address address, std::uint64_t length, bool message);
  void add_string(Address address, std::size_t limit, event::SegmentKind kind);
  void read_batch(const Call& call, FrameBuffer& frame);
  void emit(const Call& call, const Item& item, Bytes bytes, FrameBuffer& frame);
  void emit_string(const Call& call, const Item& item, Bytes first, FrameBuffer& frame);
  void follow(const Call& call, const Item& item, Bytes bytes);
  void follow_strings(const Call& call, const Item& item, Bytes pointers);
  void follow_iovec(const Call& call, const Item& item, Bytes array);
  void follow_msghdr(const Call& call, Bytes header, std::uint64_t budget);
  void follow_control_block(Bytes block);
  void follow_structure(const Call& call, const Item& item, Bytes bytes);
  void follow_bpf(std::uint32_t command, Bytes attribute);

  const Options& options_;
  std::size_t segments_ = 0;
  bool netlink_like_ = false;
  std::unique_ptr<std::array<Item, limits::segments_per_event>> items_;
  std::size_t planned_ = 0;
  std::unique_ptr<std::byte[]> scratch_;
  std::unique_ptr<std::byte[]> string_;
};

}  // namespace sonde::record
