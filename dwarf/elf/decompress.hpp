// The compressions of ELF sections. None of them writes outside `into`, whatever the bytes are.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "sonde/base/types.hpp"

namespace sonde::elf {

// True when `from` is one stream (RFC 1950) that fills `into` exactly.
bool decompress_zlib(Bytes from, std::span<std::byte> into);
// The same of Zstandard (RFC 8878).
bool decompress_zstd(Bytes from, std::span<std::byte> into);
// An .xz file of unknown size. nullopt when it is damaged, needs more than xz_memory_bytes to decompress, or
// becomes larger than mini_debug_info_bytes.
std::optional<std::vector<std::byte>> decompress_xz(Bytes from);

}  // namespace sonde::elf
