// Adds what a call's file descriptors refer to (-y, -yy) to an event's snapshot.
#pragma once

#include <string>
#include <string_view>

#include "sonde/process/socket_names.hpp"
#include "sonde/ptrace/requests.hpp"
#include "sonde/record/frame_buffer.hpp"
#include "sonde/record/options.hpp"
#include "sonde/syscall/table.hpp"

namespace sonde::record {

// The task must be stopped at the call's entry or exit. Costs a readlink(2) a descriptor, and more with
// fd_details.
class DescriptorCapture {
 public:
  explicit DescriptorCapture(const Options& options) : options_(options) {}

  // The descriptors among the arguments, as they are before the call.
  void entry(TaskId task, const ptrace::SyscallEntry& call, const syscall::Row& row, FrameBuffer& frame);
  // The descriptor that the call returned, if it did.
  void exit(TaskId task, const ptrace::SyscallResult& result, const syscall::Row& row, FrameBuffer& frame);

 private:
  void descriptor(TaskId task, std::int32_t fd, FrameBuffer& frame);
  std::string describe(TaskId task, const char* link, std::string_view target);

  const Options& options_;
  process::SocketNames sockets_;
};

}  // namespace sonde::record
