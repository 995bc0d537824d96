// The one interface through which bytes of a tracee are read, be it alive, captured in an event, or made up
// by a test.
#pragma once

#include <cstddef>
#include <span>

#include "sonde/base/types.hpp"

namespace sonde {

class MemoryReader {
 public:
  virtual ~MemoryReader() = default;

  // Copies bytes from `address` on into `into` and returns how many could be read from the start: less than
  // asked for at the end of readable memory, 0 when the first byte cannot be read. Never fails otherwise.
  virtual std::size_t read(Address address, std::span<std::byte> into) const = 0;
};

}  // namespace sonde
