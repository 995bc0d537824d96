#include "sigbus_guard.hpp"

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>

namespace sonde::elf {

// A node of a list that only grows: a range that is no longer guarded is empty, and used again. So the
// handler can walk the list at any moment.
struct GuardedRange {
  std::atomic<bool> taken{true};
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
  GuardedRange* next = nullptr;
};

namespace {

std::atomic<GuardedRange*> ranges{nullptr};
struct sigaction previous_action;
std::uintptr_t page_size;

// Puts zeros where the file ended. A file that lost a page has lost all that follow too, so the whole rest is
// replaced at once. mmap is no async-signal-safe function by POSIX; on Linux it is a plain system call.
bool replace_lost_pages(std::byte* at) {
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  for (GuardedRange* range = ranges.load(); range != nullptr; range = range->next) {
    const std::uintptr_t end = range->end.load();
    if (address < range->begin.load() || address >= end) continue;
    const std::size_t into_page = address & (page_size - 1);
    return ::mmap(at - into_page, end - address + into_page, PROT_READ,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != MAP_FAILED;
  }
  return false;
}

void on_sigbus(int, siginfo_t* info, void*) {
  if (info->si_code == BUS_ADRERR && replace_lost_pages(static_cast<std::byte*>(info->si_addr))) return;
  // Not ours: the access faults again, and meets the action that was there before.
  ::sigaction(SIGBUS, &previous_action, nullptr);
}

bool install() {
  page_size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  struct sigaction action = {};
  action.sa_sigaction = on_sigbus;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  return ::sigaction(SIGBUS, &action, &previous_action) == 0;
}

GuardedRange* free_range() {
  for (GuardedRange* range = ranges.load(); range != nullptr; range = range->next)
    if (!range->taken.exchange(true)) return range;
  auto* range = new GuardedRange;
  range->next = ranges.load();
  while (!ranges.compare_exchange_weak(range->next, range)) {
  }
  return range;
}

}  // namespace

SigbusGuard::SigbusGuard(const void* begin, std::size_t size) {
  static const bool installed = install();
  static_cast<void>(installed);
  range_ = free_range();
  const auto first = reinterpret_cast<std::uintptr_t>(begin);
  range_->begin = first;
  range_->end = first + ((size + page_size - 1) & ~(page_size - 1));
}

SigbusGuard::~SigbusGuard() {
  range_->end = 0;
  range_->begin = 0;
  range_->taken = false;
}

}  // namespace sonde::elf
