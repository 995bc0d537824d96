// The compressions of ELF sections. None of them writes outside `into`, whatever the bytes are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sonde/base/types.hpp"

namespace sonde::elf {

// The most that one byte can become: what claims more is a lie, and needs no memory to find out.
inline constexpr std::uint64_t zlib_growth = 1032;  // A match of 258 bytes in two bits.
inline constexpr std::uint64_t zstd_growth =
    32'768;  // A block of 128 KiB that repeats one byte, in four bytes.

// True when `from` is one stream (RFC 1950) that fills `into` exactly.
bool decompress_zlib(Bytes from, std::span<std::byte> into);
// The same of Zstandard (RFC 8878).
bool decompress_zstd(Bytes from, std::span<std::byte> into);
// An .xz file of unknown size. nullopt when it is damaged, needs more than xz_memory_bytes to decompress, or
// becomes larger than mini_debug_info_bytes.
std::optional<std::vector<std::byte>> decompress_xz(Bytes from);

}  // namespace sonde::elf
