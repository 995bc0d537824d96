// Which mappings are stacks of threads that have ended: glibc keeps them for threads to come, and what their
// frames held is no root.
#pragma once

#include <optional>

#include "sonde/glibc_heap/process.hpp"

namespace sonde::glibc_heap {

// Where the descriptor of the thread lies whose stack `mapping` is (fs_base while it lived): glibc puts it at
// the stack's top. nullopt where `mapping` is no such stack, or has grown together with another mapping above
// it.
std::optional<Address> thread_descriptor(const MemoryReader& memory, const Mapping& mapping,
                                         const ThreadLayout& layout);

// Whether `mapping` is the stack of a thread that has ended: the kernel, and pthread_join, clear its
// descriptor's tid. nullopt where libc's symbols do not say how the descriptor is laid out.
std::optional<bool> is_ended_thread_stack(const MemoryReader& memory, const Mapping& mapping,
                                          const std::optional<ThreadLayout>& layout);

}  // namespace sonde::glibc_heap
