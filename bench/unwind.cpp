// What unwinding costs: bench_unwind [FILE...]. For each file (libc and the like) the time to build its
// table, the best of five; then a backtrace of a process that is at the entry of a system call, 20 calls
// deep, through qsort: whole, with its registers and stack read; those two requests; with the stack read
// alone, which does where the stop has told pc and sp; and the walk alone, from memory that is already here.
// As for a task that is looked at again and again, each walk says how much of the stack the next one needs.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <variant>
#include <vector>

#include <fmt/core.h>

#include "sonde/ptrace/requests.hpp"
#include "sonde/ptrace/wait.hpp"
#include "unwind/process_image.hpp"

namespace {

using namespace sonde;

constexpr int builds = 5;
constexpr int rounds = 1000;  // Short ones: some of them nobody interrupts.
constexpr int walks = 100;
constexpr std::size_t window_bytes = 16384;
constexpr std::uint64_t red_zone = 128;
constexpr int depth = 10;  // Of ours: 20 frames in all.

// Of this thread: what other programs do meanwhile does not count.
double processor_seconds() {
  timespec time;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double best_seconds(int repeats, const std::function<void()>& work) {
  double best = 1e9;
  for (int i = 0; i < repeats; ++i) {
    const double began = processor_seconds();
    work();
    best = std::min(best, processor_seconds() - began);
  }
  return best;
}

void measure_table(const std::string& path) {
  const auto image = unwind::test::image_of(path);
  if (!image) {
    fmt::print("{}: cannot be read\n", path);
    return;
  }
  std::size_t rows = 0, rules = 0, bytes = 0;
  const double seconds = best_seconds(builds, [&] {
    const auto built = unwind::build(unwind::test::cfi_of(*image));
    if (!built) std::exit(1);
    rows = built->table.view().row_count();
    rules = built->table.view().rule_count();
    bytes = built->table.bytes().size();
  });
  fmt::print("{}: {} rows, {} rules, {} bytes, {:.2f} ms\n", path, rows, rules, bytes, seconds * 1e3);
}

// The stopped process: some of ours, then libc's qsort, then ours again.
int compare(const void*, const void*) {
  ::pause();
  return 0;
}

[[gnu::noinline]] int descend(int left) {
  asm volatile("" : "+r"(left));
  if (left > 0) {
    const int below = descend(left - 1);
    asm volatile("");  // Not a tail call, and not a loop.
    return below + left;
  }
  int values[2] = {2, 1};
  std::qsort(values, 2, sizeof values[0], compare);
  return values[0];
}

ptrace::Stop stopped_child() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(descend(depth));
  // It may be in its call already, and makes it again then.
  if (!ptrace::seize(pid, {}) || !ptrace::interrupt(pid)) std::exit(1);
  for (;;) {
    auto outcome = ptrace::wait_for(pid, ptrace::Block::yes);
    auto* const stop = std::get_if<ptrace::Stop>(&outcome);
    if (stop == nullptr) std::exit(1);
    ptrace::SyscallInfo info;
    if (ptrace::syscall_info(pid, info) && info.phase == ptrace::SyscallInfo::Phase::entry &&
        info.entry.nr == SYS_pause)
      return std::move(*stop);
    std::move(*stop).resume(ptrace::Run::to_syscall, stop->signal_in_hand());
  }
}

class Copy final : public MemoryReader {
 public:
  Copy(const MemoryReader& from, Address at) : at_(at), bytes_(64 << 10) {
    bytes_.resize(from.read(at, bytes_));
  }
  std::size_t read(Address address, std::span<std::byte> into) const override {
    const std::uint64_t offset = address.value - at_.value;
    if (offset >= bytes_.size()) return 0;
    const std::size_t count = std::min(into.size(), bytes_.size() - offset);
    std::memcpy(into.data(), bytes_.data() + offset, count);
    return count;
  }

 private:
  Address at_;
  std::vector<std::byte> bytes_;
};

void measure_walk() {
  // Not on the stack, which the child has a copy of: few programs have a frame of 6 KiB.
  std::vector<unwind::Frame> frames(256);
  const ptrace::Stop stop = stopped_child();
  const pid_t pid = stop.tid();
  unwind::test::ProcessImage image(pid);
  image.refresh();
  const memory::ProcessMemory process(pid);
  const auto registers = ptrace::registers(pid);
  if (!registers) std::exit(1);
  std::vector<std::byte> window(window_bytes);
  unwind::Walk walk;
  const double whole = best_seconds(rounds, [&] {
    for (int i = 0; i < walks; ++i) {
      walk = unwind::walk(*ptrace::registers(pid), image.modules(), process, window, frames, walk.reach);
    }
  });
  // What of it is the kernel's: nobody can do with less.
  const std::size_t needed = walk.reach.value - (registers->sp().value - red_zone);
  const unwind::Start told(registers->pc(), registers->sp(), [pid] { return ptrace::registers(pid); });
  const double from_call = best_seconds(rounds, [&] {
    for (int i = 0; i < walks; ++i) {
      walk = unwind::walk(told, image.modules(), process, window, frames, walk.reach);
    }
  });
  const double requests = best_seconds(rounds, [&] {
    for (int i = 0; i < walks; ++i) {
      const auto again = ptrace::registers(pid);
      process.read({again->sp().value - red_zone}, std::span(window).first(needed));
    }
  });
  // The same from a copy of the stack.
  const Copy copy(process, {registers->sp().value - 256});
  const double copied = best_seconds(rounds, [&] {
    for (int i = 0; i < walks; ++i) {
      walk = unwind::walk(*registers, image.modules(), copy, window, frames, walk.reach);
    }
  });
  fmt::print(
      "{} frames ({}): {:.2f} us, of which {:.2f} us are GETREGS and one read of {} bytes; {:.2f} us at a "
      "system "
      "call, without GETREGS; {:.1f} ns a frame alone\n",
      walk.frames, unwind::name_of(walk.end), whole / walks * 1e6, requests / walks * 1e6, needed,
      from_call / walks * 1e6, copied / walks / static_cast<double>(walk.frames) * 1e9);
  ::kill(pid, SIGKILL);
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) measure_table(argv[i]);
  measure_walk();
}
