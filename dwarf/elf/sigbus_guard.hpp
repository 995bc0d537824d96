// Reading a mapped file that another process cuts short raises SIGBUS. Inside a guarded range it does not:
// what is no longer there reads as zeros.
#pragma once

#include <cstddef>

namespace sonde::elf {

struct GuardedRange;

// Guards one read-only private mapping from construction to destruction. The first guard of the process
// installs a handler for SIGBUS; a fault elsewhere goes to whatever was there before.
class SigbusGuard {
 public:
  SigbusGuard(const void* begin, std::size_t size);
  SigbusGuard(const SigbusGuard&) = delete;
  SigbusGuard& operator=(const SigbusGuard&) = delete;
  ~SigbusGuard();

 private:
  GuardedRange* range_;
};

}  // namespace sonde::elf
