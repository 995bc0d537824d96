// Memory of this process that another's is to be copied into while that one stands still.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sonde/base/result.hpp"

namespace sonde::process {

// Anonymous memory, which belongs to nobody else: writing to it takes no page faults, once it has been made
// ready, as a file in memory would.
class CopySpace {
 public:
  CopySpace() = default;
  CopySpace(CopySpace&& other) noexcept;
  CopySpace& operator=(CopySpace&& other) noexcept;
  ~CopySpace();

  // So large from now on. What is in it may be gone; up to twice the first size what is ready stays so. Fails
  // when the kernel has no room.
  Result<void> resize(std::uint64_t bytes);
  // Takes memory for all of it now, by two threads where there are two CPUs: in large pages as long as the
  // kernel has them at hand. What it does not get is taken when it is written to.
  void make_ready();

  std::span<std::byte> bytes() const { return {memory_, size_}; }

 private:
  bool reserve(std::size_t bytes);
  void release();

  std::byte* memory_ = nullptr;
  std::size_t size_ = 0;
  std::size_t reserved_ = 0;  // Addresses.
};

}  // namespace sonde::process
