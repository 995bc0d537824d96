// How a table lies in its bytes: a header, then one array after the other, in the order of its counts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sonde/unwind/table.hpp"

namespace sonde::unwind {

struct BlobHeader {
  static constexpr std::uint64_t magic_value =
      0x3130656c62617475;  // "utable01"; another layout, another number.

  std::uint64_t magic = magic_value;
  std::uint64_t base = 0;  // The first address that a row is about.
  std::uint64_t span = 0;  // The bytes of code from there to the end of the last row; at most 4 GiB.
  std::uint32_t bucket_shift = 0;
  std::uint32_t buckets = 0;  // Entries of u32: one more than there are buckets of 1 << bucket_shift bytes.
  std::uint32_t rows = 0;     // u32 of pcs, counted from base; then, behind the recoveries, u16 of rules.
  std::uint32_t rules = 0;
  std::uint32_t recoveries = 0;
  std::uint32_t expression_bytes = 0;
};
static_assert(sizeof(BlobHeader) == 48);

// Where each array begins, in bytes from the header. Counts of 32 bits cannot make these overflow.
struct BlobLayout {
  explicit BlobLayout(const BlobHeader& header);

  std::uint64_t buckets;
  std::uint64_t pcs;
  std::uint64_t rules;
  std::uint64_t recoveries;
  std::uint64_t row_rules;
  std::uint64_t expressions;
  std::uint64_t end;
};

}  // namespace sonde::unwind
