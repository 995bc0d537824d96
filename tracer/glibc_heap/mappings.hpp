// Questions about a process's mappings.
#pragma once

#include <span>
#include <vector>

#include "sonde/glibc_heap/process.hpp"

namespace sonde::glibc_heap {

// The mapping that has the address; null where none has.
const Mapping* mapping_of(std::span<const Mapping> mappings, Address address);

// Private memory without a file and without a name of the kernel's, that can be written: where malloc's
// mappings are.
bool is_anonymous(const Mapping& mapping);

// Adjacent ones as one. `ranges` ascending.
std::vector<Range> joined(std::vector<Range> ranges);

// The memory that may be written and is called "[heap]", ascending, adjacent mappings as one.
std::vector<Range> brk_ranges(std::span<const Mapping> mappings);

// All anonymous memory, without `taken` (any order).
std::vector<Range> anonymous_pieces(std::span<const Mapping> mappings, std::vector<Range> taken);

// Libc's data: what can be written of its file, and what follows that without a name.
std::vector<Range> libc_data(std::span<const Mapping> mappings);

// The name of another allocator's library that is mapped, or empty.
std::string_view other_allocator(std::span<const Mapping> mappings);

// Whether the C library is musl's.
bool has_musl(std::span<const Mapping> mappings);

}  // namespace sonde::glibc_heap
