// Adds what a call's file descriptors refer to (-y, -yy) to an event's snapshot: those among its arguments,
// those in the memory that its arguments point to, and the one that it returns.
#pragma once

#include <string_view>

#include "sonde/process/socket_names.hpp"
#include "sonde/ptrace/requests.hpp"
#include "sonde/record/frame_buffer.hpp"
#include "sonde/record/options.hpp"
#include "sonde/syscall/table.hpp"

namespace sonde::record {

// The task must be stopped at the call's entry or exit, and the call's memory must be in the frame already:
// what was captured of it says which descriptors there are. Costs a readlink(2) a descriptor, and more with
// fd_details. Does nothing unless Options::fd_paths asks for it.
class DescriptorCapture {
 public:
  explicit DescriptorCapture(const Options& options) : options_(options) {}

  // The descriptors that the call is given, as they are before it.
  void entry(TaskId task, const ptrace::SyscallEntry& call, const syscall::Row& row, FrameBuffer& frame);
  // Those that the call made: its result, and what it has stored.
  void exit(TaskId task, const ptrace::SyscallEntry& call, const ptrace::SyscallResult& result,
            const syscall::Row& row, FrameBuffer& frame);
  // Which netlink family the socket speaks, if it is one. To be asked where a message looks like netlink's.
  void netlink(TaskId task, std::int32_t fd, FrameBuffer& frame);

 private:
  void descriptor(TaskId task, std::int32_t fd, FrameBuffer& frame);
  void detail(TaskId task, std::int32_t fd, const char* link, std::string_view target, FrameBuffer& frame);

  const Options& options_;
  process::SocketNames sockets_;
};

}  // namespace sonde::record
