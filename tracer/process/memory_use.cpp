#include "sonde/process/memory_use.hpp"

#include <algorithm>
#include <unistd.h>

#include "sonde/memory/mapping.hpp"

namespace sonde::process {

namespace {

using memory::Mapping;

constexpr std::uint64_t guard_bytes = 64 << 10;        // The largest guard below a thread's stack.
constexpr std::uint64_t thread_stack_bytes = 8 << 20;  // What threads have by default, on most systems.

bool is_anonymous(const Mapping& mapping) {
  return mapping.inode == 0 && !mapping.shared &&
         (mapping.name.empty() || mapping.name.starts_with("[anon:"));
}

bool is_guard(const Mapping& mapping) {
  return is_anonymous(mapping) && !mapping.readable && !mapping.writable && !mapping.executable &&
         mapping.end.value - mapping.begin.value <= guard_bytes;
}

}  // namespace

std::optional<MemoryUse> memory_use(const ProcFs& proc, pid_t pid) {
  const auto resident = proc.resident(pid);
  const auto mappings = memory::parse_maps(proc.maps(pid));
  if (!resident || !mappings || mappings->empty()) return std::nullopt;
  MemoryUse use{.resident = resident->all, .anonymous = resident->all - resident->of_files};
  const Mapping* below = nullptr;
  for (const Mapping& mapping : *mappings) {
    const std::uint64_t size = mapping.end.value - mapping.begin.value;
    if (mapping.name == "[heap]") {
      use.brk += size;
    } else if (is_anonymous(mapping) && mapping.writable) {
      // What was mapped above a stack, and touches it, is one mapping with it.
      const bool stack = below != nullptr && below->end == mapping.begin && is_guard(*below);
      use.mapped += size - (stack ? std::min(size, thread_stack_bytes) : 0);
    }
    below = &mapping;
  }
  return use;
}

}  // namespace sonde::process
