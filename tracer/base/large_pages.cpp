#include "sonde/base/large_pages.hpp"

#include <cstdint>
#include <ctime>
#include <sys/mman.h>

namespace sonde {

namespace {

constexpr int populate_write = 23;  // MADV_POPULATE_WRITE, Linux 5.14.
constexpr std::int64_t slow_ns = 2'000'000;

// Of the processor: on a busy machine, others' time does not count.
std::int64_t thread_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

bool take_large_page(std::span<std::byte> page) {
  const std::int64_t began = thread_time();
  ::madvise(page.data(), page.size(), populate_write);
  return thread_time() - began <= slow_ns;
}

}  // namespace sonde
