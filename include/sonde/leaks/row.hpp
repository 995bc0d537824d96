// Arrays of millions of elements that are read here and there.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <sys/mman.h>
#include <type_traits>
#include <vector>

#include "sonde/base/large_pages.hpp"

namespace sonde::leaks {

// Takes large arrays in large pages, where the kernel has some at hand: with small ones looking up where a
// page lies takes as long as the memory itself. What is not given a value is not touched, and takes no
// memory, but for the first page.
template <typename T>
class LargePages {
 public:
  using value_type = T;

  LargePages() = default;
  template <typename U>
  LargePages(const LargePages<U>& /*other*/) {}  // NOLINT(google-explicit-constructor): an allocator's.

  T* allocate(std::size_t count) {
    constexpr std::size_t page = large_page_bytes;
    if (count > static_cast<std::size_t>(-1) / 2 / sizeof(T)) throw std::bad_array_new_length();
    const std::size_t bytes = count * sizeof(T);
    if (bytes < 2 * page) return std::allocator<T>().allocate(count);
    const std::size_t whole = (bytes + page - 1) / page * page;
    void* memory = std::aligned_alloc(page, whole);
    if (memory == nullptr) throw std::bad_alloc();
    madvise(memory, whole, MADV_HUGEPAGE);  // Refused, it is as it would have been.
    if (!take_large_page({static_cast<std::byte*>(memory), page})) madvise(memory, whole, MADV_NOHUGEPAGE);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) {
    if (count * sizeof(T) < 2 * large_page_bytes) {
      std::allocator<T>().deallocate(memory, count);
    } else {
      std::free(memory);
    }
  }
  template <typename U>
  void construct(U* at) {
    static_assert(std::is_trivially_destructible_v<U>);
    ::new (static_cast<void*>(at)) U;
  }
  template <typename U, typename... Args>
  void construct(U* at, Args&&... args) {
    ::new (static_cast<void*>(at)) U(static_cast<Args&&>(args)...);
  }
  bool operator==(const LargePages&) const { return true; }
};

template <typename T>
using Row = std::vector<T, LargePages<T>>;

}  // namespace sonde::leaks
