#include "sonde/record/memory_copier.hpp"

#include <algorithm>
#include <ctime>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <utility>

#include <fmt/format.h>

#include "sonde/base/clock.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/ptrace/requests.hpp"

namespace sonde::record {

namespace {

constexpr std::uint64_t page_bytes = 4096;

bool in_call(const arch::Registers& registers) { return static_cast<std::int64_t>(registers.orig_rax) >= 0; }

}  // namespace

void append_state(pid_t tid, const arch::Registers& registers, process::MemoryImage& image) {
  if (image.threads.size() >= limits::copied_threads) return;
  const bool ends = in_call(registers) && registers.orig_rax == SYS_exit;
  const bool ends_all = in_call(registers) && registers.orig_rax == SYS_exit_group;
  process::ThreadState state{registers.sp().value, registers.fs_base, {}, tid, ends, !ends && !ends_all, 0};
  std::copy_n(registers.general.begin(), state.registers.size(), state.registers.begin());
  image.threads.push_back(state);
}

void append_state(pid_t tid, process::MemoryImage& image) {
  const auto registers = ptrace::registers(tid);
  if (!registers) return;
  append_state(tid, *registers, image);
  // A call may use the caller's vector registers as it likes (psABI, "Register Usage").
  if (in_call(*registers)) return;
  const auto vectors = ptrace::vector_registers(tid);
  image.vectors.insert(image.vectors.end(), vectors.begin(), vectors.end());
}

void MemoryCopier::take_state(TaskId task, const arch::Registers& registers) {
  append_state(task.tid, registers, images_[task.pid]);
}

void MemoryCopier::take_state(TaskId task) { append_state(task.tid, images_[task.pid]); }

// What the file has is given back by the console as it goes on: so long no more is taken than fits.
std::uint64_t MemoryCopier::room() const {
  struct stat status {};
  if (::fstat(file_, &status) != 0) return 0;
  const std::uint64_t used = static_cast<std::uint64_t>(status.st_blocks) * 512;
  return std::min(process::room_for_copies(), used < limits::copied_bytes ? limits::copied_bytes - used : 0);
}

bool MemoryCopier::has_images() const {
  struct stat status {};
  return ::fstat(file_, &status) == 0 && status.st_blocks != 0;
}

void MemoryCopier::copy(TaskId task, event::CopyReason reason, std::span<const pid_t> held) {
  if (events_.muted()) return;
  const Nanoseconds began = now();
  process::MemoryImage image = images_[task.pid];
  if (reason == event::CopyReason::ends || reason == event::CopyReason::killed) images_.erase(task.pid);
  for (const pid_t tid : held) append_state(tid, image);
  auto memory = process::copy_memory(task.tid, file_, end_, room());
  // Of one that goes on nobody may wait for room.
  const bool ends = reason == event::CopyReason::ends || reason == event::CopyReason::killed;
  const Nanoseconds patience_ns = ends ? 30'000'000'000 : 0;
  while (!memory && memory.error().code == ErrorCode::limit && has_images() && now() - began < patience_ns) {
    const timespec moment{0, 5'000'000};
    ::nanosleep(&moment, nullptr);
    memory = process::copy_memory(task.tid, file_, end_, room());
  }
  if (!memory) {
    events_.note(task, fmt::format("what is in the memory of this process is not looked at: {}",
                                   memory.error().message()));
    return;
  }
  image.memory = *std::move(memory);
  if (image.memory.left_out != 0)
    events_.note(task, fmt::format("{} GiB of mappings that are too large are not looked at",
                                   image.memory.left_out >> 30));
  const std::uint64_t offset =
      image.memory.runs.empty() ? end_ : image.memory.runs.back().offset + image.memory.runs.back().size;
  const auto size = process::write_image(image, file_, offset);
  if (!size) {
    events_.note(task, size.error().message());
    return;
  }
  end_ = (offset + *size + page_bytes - 1) / page_bytes * page_bytes;
  events_.memory_copied(task, began, {offset, *size, now() - began, reason, 0});
}

}  // namespace sonde::record
