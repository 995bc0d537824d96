#include "sonde/glibc_heap/thread_stack.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "glibc_heap/layout.hpp"

namespace sonde::glibc_heap {

namespace {

// tcbhead_t (sysdeps/x86_64/nptl/tls.h), which a descriptor begins with: tcb and self are its own address.
constexpr std::size_t tcb = 0;
constexpr std::size_t self = 16;
constexpr std::size_t descriptor_alignment = 64;
// The descriptor is aligned as variables of threads ask for: by no more than a page.
constexpr std::size_t slack = page_bytes;

std::uint64_t word_at(const std::vector<std::byte>& bytes, std::size_t offset) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace

std::optional<Address> thread_descriptor(const MemoryReader& memory, const Mapping& mapping,
                                         const ThreadLayout& layout) {
  if (!mapping.readable || !mapping.writable || mapping.shared ||
      layout.descriptor_bytes < self + word_bytes) {
    return std::nullopt;
  }
  const std::uint64_t size =
      std::min<std::uint64_t>(mapping.range.size(), layout.descriptor_bytes + slack) & ~std::uint64_t{63};
  const Address begin{mapping.range.end.value - size};
  std::vector<std::byte> top(static_cast<std::size_t>(size));
  if (size < layout.descriptor_bytes || memory.read(begin, top) != top.size()) return std::nullopt;
  for (std::size_t at = (top.size() - layout.descriptor_bytes) & ~(descriptor_alignment - 1);;
       at -= descriptor_alignment) {
    const std::uint64_t address = begin.value + at;
    if (word_at(top, at + tcb) == address && word_at(top, at + self) == address) return Address{address};
    if (at == 0) return std::nullopt;
  }
}

std::optional<bool> is_ended_thread_stack(const MemoryReader& memory, const Mapping& mapping,
                                          const std::optional<ThreadLayout>& layout) {
  if (!layout) return std::nullopt;
  const auto descriptor = thread_descriptor(memory, mapping, *layout);
  if (!descriptor) return false;
  std::int32_t tid = 0;
  if (memory.read(*descriptor + layout->tid_offset, std::as_writable_bytes(std::span(&tid, 1))) !=
      sizeof tid) {
    return std::nullopt;
  }
  // pthread_join makes it negative.
  return tid <= 0;
}

}  // namespace sonde::glibc_heap
