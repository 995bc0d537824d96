// Large pages, where they come at once.
#pragma once

#include <cstddef>
#include <span>

namespace sonde {

inline constexpr std::size_t large_page_bytes = std::size_t{2} << 20;

// Takes memory for these bytes now, one large page at most, which madvise(2) has asked for (MADV_HUGEPAGE).
// A large page that is at hand takes 0.2 ms, and as many small ones 1 ms. One that the kernel must first make
// by moving others, or a virtual machine's host must find, takes 5 to 20: false then, and more of them had
// better not be asked for. What the kernel does not give is taken when it is written to.
bool take_large_page(std::span<std::byte> page);

}  // namespace sonde
