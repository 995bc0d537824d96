#include "glibc_heap/cached_memory.hpp"

#include <algorithm>
#include <span>

#include "glibc_heap/layout.hpp"

namespace sonde::glibc_heap {

namespace {

constexpr std::size_t little = 64;

}  // namespace

CachedMemory::CachedMemory(const MemoryReader& memory, std::size_t piece_bytes, std::size_t pieces,
                           bool sparing)
    : memory_(memory), piece_bytes_(piece_bytes), sparing_(sparing), pieces_(pieces) {}

std::optional<std::uint64_t> CachedMemory::missing_word(Piece& piece, Address address) {
  if ((address.value & 7) != 0) return std::nullopt;
  if (piece.bytes.empty()) piece.bytes.resize(piece_bytes_);
  const std::uint64_t number = address.value / piece_bytes_;
  const bool all = !sparing_ || piece.number == number;
  piece.number = number;
  // From its page on, since what lies before it in the piece need not be readable.
  piece.begin = all ? address.value & ~(page_bytes - 1) : address.value;
  const std::size_t left = piece_bytes_ - static_cast<std::size_t>(piece.begin & (piece_bytes_ - 1));
  const std::size_t wanted = all ? left : std::min(left, little);
  piece.filled = memory_.read({piece.begin}, std::span(piece.bytes).first(wanted)) & ~std::size_t{7};
  const std::uint64_t offset = address.value - piece.begin;
  if (offset >= piece.filled) return std::nullopt;
  std::uint64_t value = 0;
  std::memcpy(&value, piece.bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace sonde::glibc_heap
