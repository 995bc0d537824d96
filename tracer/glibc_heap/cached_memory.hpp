// Words of the process, read in larger pieces: one large piece for who goes ahead, many pages for who follows
// lists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "sonde/base/memory_reader.hpp"

namespace sonde::glibc_heap {

class CachedMemory {
 public:
  // For who goes on from address to address: a large piece at a time.
  static CachedMemory ahead(const MemoryReader& memory) { return {memory, std::size_t{128} << 10, 1, false}; }
  // For who follows lists: many pages. Lists may go anywhere, so of a page little is read at first, and all
  // of it when more of it is wanted.
  static CachedMemory lists(const MemoryReader& memory) { return {memory, 4096, 512, true}; }

  // nullopt where it cannot be read, or is not aligned to its size.
  std::optional<std::uint64_t> word(Address address) {
    Piece& piece = pieces_[(address.value / piece_bytes_) & (pieces_.size() - 1)];
    const std::uint64_t offset = address.value - piece.begin;
    if (offset >= piece.filled || (address.value & 7) != 0) return missing_word(piece, address);
    std::uint64_t value = 0;
    std::memcpy(&value, piece.bytes.data() + offset, sizeof value);
    return value;
  }

 private:
  CachedMemory(const MemoryReader& memory, std::size_t piece_bytes, std::size_t pieces, bool sparing);

  struct Piece {
    std::uint64_t number = ~std::uint64_t{0};  // Which piece of memory it was asked for last.
    std::uint64_t begin = 0;                   // What is there of it.
    std::uint64_t filled = 0;                  // A multiple of 8.
    std::vector<std::byte> bytes;
  };
  std::optional<std::uint64_t> missing_word(Piece& piece, Address address);

  const MemoryReader& memory_;
  std::size_t piece_bytes_;
  bool sparing_;
  std::vector<Piece> pieces_;
};

}  // namespace sonde::glibc_heap
