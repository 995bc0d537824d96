// Where a module's functions begin, without symbols: the sorted table that .eh_frame_hdr has for the unwinder
// of exceptions (Linux Standard Base, "Exception Frames").
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sonde/base/types.hpp"

namespace sonde::unwind {

class FunctionStarts {
 public:
  // `address`: where the section is loaded. A table that is not in the usual encoding (32-bit offsets from
  // the section), not sorted or cut off is left out, or what lies behind the fault of it. Time and memory are
  // linear in the section.
  static FunctionStarts parse(Bytes eh_frame_hdr, std::uint64_t address);

  // The piece of code that has the address: from a start up to the next one. A function may have several
  // pieces.
  struct Piece {
    std::uint64_t begin;
    std::uint64_t end;  // Exclusive; the greatest number for the last one.
  };
  std::optional<Piece> piece_of(std::uint64_t address) const;

  const std::vector<std::uint64_t>& all() const { return starts_; }
  bool empty() const { return starts_.empty(); }

 private:
  std::vector<std::uint64_t> starts_;  // Ascending.
};

}  // namespace sonde::unwind
