#include "sonde/memory/process_memory.hpp"

#include <algorithm>
#include <array>
#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sonde/base/result.hpp"

namespace sonde::memory {

namespace {

constexpr std::size_t pieces_max = 64;

iovec local(std::span<std::byte> into) { return {into.data(), into.size()}; }

iovec remote(Address address, std::size_t size) {
  return {reinterpret_cast<void*>(address.value), size};  // NOLINT(performance-no-int-to-ptr)
}

}  // namespace

bool same_memory(pid_t a, pid_t b) { return ::syscall(SYS_kcmp, a, b, KCMP_VM, 0, 0) == 0; }

std::size_t ProcessMemory::read(Address address, std::span<std::byte> into) const {
  const iovec to = local(into);
  const iovec from = remote(address, into.size());
  const ssize_t n = ::process_vm_readv(pid_, &to, 1, &from, 1, 0);
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

void ProcessMemory::read_pieces(std::span<Piece> pieces) const {
  SONDE_CHECK(pieces.size() <= pieces_max);
  std::array<iovec, pieces_max> to;
  std::array<iovec, pieces_max> from;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    to[i] = local(pieces[i].into);
    from[i] = remote(pieces[i].address, pieces[i].into.size());
    pieces[i].done = 0;
  }
  // process_vm_readv stops at the first page it cannot read, so each round ends one piece short at most.
  std::size_t next = 0;
  while (next < pieces.size()) {
    const auto count = pieces.size() - next;
    const ssize_t n = ::process_vm_readv(pid_, &to[next], count, &from[next], count, 0);
    std::size_t left = n > 0 ? static_cast<std::size_t>(n) : 0;
    for (; next < pieces.size() && left >= pieces[next].into.size(); ++next) {
      pieces[next].done = pieces[next].into.size();
      left -= pieces[next].done;
    }
    if (next < pieces.size()) pieces[next++].done = left;
  }
}

}  // namespace sonde::memory
