// Where the kernel's msghdr keeps its members.
#pragma once

#include <cstddef>

#include "sonde/base/types.hpp"

namespace sonde::record {

// Offsets in bytes, of linux/socket.h's user_msghdr, and of the compat form for 32-bit callers. An mmsghdr is
// a msghdr, at `size` the number of bytes received, and padding.
struct MsghdrLayout {
  std::size_t name, name_length, iov, iov_count, control, control_length, size, mmsghdr_size;
};

inline const MsghdrLayout& msghdr_layout(Abi abi) {
  static constexpr MsghdrLayout of_64_bits{0, 8, 16, 24, 32, 40, 56, 64};
  static constexpr MsghdrLayout of_32_bits{0, 4, 8, 12, 16, 20, 28, 32};
  return word_size(abi) == 8 ? of_64_bits : of_32_bits;
}

}  // namespace sonde::record
