// The code of a live process, to be read and changed in place.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <sys/types.h>

#include "sonde/base/types.hpp"
#include "sonde/base/unique_fd.hpp"

namespace sonde::probes {

inline constexpr std::byte int3{
    0xcc};  // Intel SDM, volume 2, INT3: raises #BP, which the kernel makes SIGTRAP.

// Through /proc/PID/mem, which writes to pages that are mapped read-only: a private copy of the page is made
// (proc_pid_mem(5)). Needs a tracer of the process where the kernel wants one for that (6.12,
// PROC_MEM_FORCE_PTRACE). The process may run: a byte changes at once. Stale after an exec.
class Text {
 public:
  explicit Text(pid_t pid);

  // False when not all of it could be read or written; then none or a part was.
  bool read(Address address, std::span<std::byte> into) const;
  bool write(Address address, Bytes bytes) const;
  std::optional<std::byte> byte_at(Address address) const;

 private:
  UniqueFd memory_;
};

}  // namespace sonde::probes
